#pragma once

// The key by which requests that belong together find the same target (routing/affinity.h).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "config/routing.h"
#include "wire/bodies/request_session.h"

namespace penstock::routing {

// The fields of a request's head that name a session, in lower case; the first that has a value
// counts. They are those of Fireworks, OpenRouter and llama-swap, LiteLLM, Claude Code, Codex, and
// SGLang's router.
inline constexpr std::array kSessionFields = std::to_array<std::string_view>({
    "x-session-affinity",
    "x-session-id",
    "x-litellm-session-id",
    "x-claude-code-session-id",
    "session_id",
    "session-id",
    "conversation_id",
    "x-smg-routing-key",
});

// The session that a head names: in the first of these fields that is not empty. Each field of the
// head is shown to it, in any order.
class SessionField {
 public:
  void look_at(std::string_view name, std::string_view value);
  // Empty: the request names none.
  std::string_view session() const { return session_; }

 private:
  std::string_view session_;
  std::size_t place_ = kSessionFields.size();  // of the field that has it
};

struct AffinitySources {
  std::string_view session;                    // of its head
  const wire::RequestSession* body = nullptr;  // null: it was not read
  std::string_view api_key;                    // the name of the client's key; empty: none
};

// By the first of `keys` that the request has. The same on every node and in every release.
std::optional<std::uint64_t> affinity_key(std::span<const config::AffinityRules::Key> keys,
                                          const AffinitySources& sources);

}  // namespace penstock::routing
