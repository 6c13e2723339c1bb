#include "config/not_enforced.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "config/key_name.h"
#include "config/key_table.h"

namespace penstock::config {
namespace {

struct Entry {
  std::string_view path;
  std::string_view value = {};  // only if it begins so; empty: whatever it is
};

// The whole list: a key that is enforced is none of these. Keys of API keys stand for those of
// every list of them, and of the owners above them; those of `budget` for `budgets[]`.
constexpr std::array kNotEnforced = {
    Entry{"limits"},
    Entry{"server.quota"},
    Entry{"storage.backends"},
    Entry{"store"},
    Entry{"keys[].tags"},
    Entry{"keys[].budget_fallbacks"},
    Entry{"keys[].limits[].quantity", "cost"},
    Entry{"keys[].budget.max_usd"},
    Entry{"keys[].budget.soft_percent"},
    Entry{"keys[].budget.on_exceeded", "route"},
};

// What is another spelling of another path.
struct Alias {
  std::string_view path;
  std::string_view stands_for;
};
constexpr std::array kAliases = {
    Alias{"server.api_keys", "keys"}, Alias{"server.auth.provider_config.api_keys", "keys"},
    Alias{"organizations", "keys"},   Alias{"teams", "keys"},
    Alias{"users", "keys"},           Alias{"keys[].budgets[]", "keys[].budget"},
};

// `keys[].tags` of server.api_keys[0].tags.
std::string path_of(const std::string& parent, const Node& node, Node::Kind parent_kind) {
  std::string path =
      parent_kind == Node::Kind::kList ? parent + "[]" : joined_path(parent, node.key);
  const auto alias = std::ranges::find(kAliases, path, &Alias::path);
  return alias == kAliases.end() ? path : std::string(alias->stands_for);
}

bool is_enforced(const std::string& path, const Node& value) {
  return std::ranges::none_of(kNotEnforced, [&](const Entry& entry) {
    return entry.path == path && value.text.starts_with(entry.value);
  });
}

void visit(Decoder& decoder, const Node& node, const std::string& path) {
  for (const Node& child : node.children) {
    const std::string child_path = path_of(path, child, node.kind);
    const Node value = decoder.resolved_if_possible(child);
    if (is_enforced(child_path, value)) {
      visit(decoder, child, child_path);
    } else if (says_something(value)) {
      decoder.warning_at_key(child, "not enforced yet by this version, or not in full");
    }
  }
}

}  // namespace

void warn_of_what_is_not_enforced(Decoder& decoder, const Node& root) {
  visit(decoder, root, {});
}

}  // namespace penstock::config
