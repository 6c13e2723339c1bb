#include "providers/client_fields.h"

#include <algorithm>
#include <array>
#include <span>

#include "config/forward_headers.h"
#include "core/text.h"

namespace penstock::providers {
namespace {

// In lower case. A star at the end stands for any text.
using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 9> kAnyApi = {
    // W3C Trace Context, sections 3.2 and 3.3.
    "traceparent",
    "tracestate",
    "idempotency-key",
    // Sessions, by which services find what they have cached.
    "session_id",
    "session-id",
    "conversation_id",
    "x-session-id",
    "x-session-affinity",
    "x-opencode-*",
};

constexpr std::array<std::string_view, 7> kOpenAi = {
    "openai-beta", "openai-organization", "openai-project", "x-client-request-id",
    "x-codex-*",   "originator",          "version",
};

constexpr std::array<std::string_view, 4> kAnthropic = {
    "anthropic-version",
    "anthropic-beta",
    "x-claude-code-*",
    "x-app",
};

bool fits(std::string_view name, std::string_view known) {
  if (!known.ends_with('*')) return equals_ignoring_case(name, known);
  known.remove_suffix(1);
  return name.size() > known.size() && equals_ignoring_case(name.substr(0, known.size()), known);
}

template <class Known>
bool is_one_of(std::string_view name, const Known& names) {
  return std::ranges::any_of(names, [&](std::string_view known) { return fits(name, known); });
}

Names names_of(config::Surface surface) {
  return surface == config::Surface::kAnthropic ? Names(kAnthropic) : Names(kOpenAi);
}

}  // namespace

ClientFields::ClientFields(const config::Provider& settings)
    : added_(settings.forwarded_client_headers), withheld_(settings.withheld_client_headers) {}

bool ClientFields::passes(const http::Field& field, config::Surface surface) const {
  // The gateway acts on the other names that it knows itself.
  const bool is_candidate = field.known_name == http::FieldName::kOther ||
                            field.known_name == http::FieldName::kAnthropicVersion;
  if (!is_candidate) return false;
  const bool is_listed = is_one_of(field.name, kAnyApi) || is_one_of(field.name, names_of(surface));
  if (is_listed) return withheld_.empty() || !is_one_of(field.name, withheld_);
  if (added_.empty() || !is_one_of(field.name, added_)) return false;
  // Asked of the field itself: a name with a star fits others than the operator thinks of.
  return config::why_client_header_stays(field.name).empty();
}

}  // namespace penstock::providers
