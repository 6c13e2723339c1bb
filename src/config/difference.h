#pragma once

// What changes from one configuration to another, and what that means for a server that takes the
// new one while it runs.
//
// Compared is what `penstock check` prints, and what it masks: secrets, and values from files.
// Entries of lists are matched by their names: their order is a change of its own where it matters.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace penstock::config {

enum class Effect : std::uint8_t {
  kAtOnce,               // new requests; running ones end as they began
  kProviderKept,         // the same, of one provider: its connections and its health stay
  kProviderReconnected,  // new connections, and the old ones end; its health stays
  kProviderReplaced,     // the same, and nothing is known of its health: another upstream
  kProviderRemoved,
  kNewHandshakes,  // of clients
  kNeedsRestart,   // the running server cannot take it
};
inline constexpr std::size_t kEffects = 7;

// What people read: "at once for new requests".
std::string_view heading_of(Effect effect);
// What programs read: "at_once".
std::string_view word_of(Effect effect);

struct Change {
  std::string
      path;  // in the file's words: server.api_keys[alice].key, routing.routes[smart].hidden
  // As YAML, in one line; secrets and what files contain are masked. nullopt: it is not there.
  std::optional<std::string> before = {};
  std::optional<std::string> after = {};
  bool is_secret = false;  // what differs is masked
  Effect effect = Effect::kAtOnce;
};

// "added", "removed" or "changed".
std::string_view kind_of(const Change& change);

// In the order of the file's sections. Empty: nothing that a request could notice differs.
std::vector<Change> changes_between(const Settings& before, const Settings& after);

}  // namespace penstock::config
