#include "config/not_enforced.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "config/key_name.h"
#include "config/key_table.h"

namespace penstock::config {
namespace {

// The whole list: a key that is enforced is none of these. Keys of API keys stand for those of
// every list of them.
constexpr std::array<std::string_view, 18> kNotEnforced = {
    "organizations",
    "teams",
    "users",
    "keys[].key_hash",
    "keys[].organization",
    "keys[].team",
    "keys[].user",
    "keys[].tags",
    "keys[].expires",
    "keys[].limits",
    "keys[].budget",
    "keys[].budgets",
    "keys[].models",
    "keys[].denied_models",
    "keys[].routes",
    "keys[].providers",
    "keys[].addresses",
    "keys[].budget_fallbacks",
};

// Other lists of API keys than `keys`.
constexpr std::array<std::string_view, 2> kKeyLists = {"server.api_keys",
                                                       "server.auth.provider_config.api_keys"};

// `keys[].team` of server.api_keys[0].team.
std::string path_of(const std::string& parent, const Node& node, Node::Kind parent_kind) {
  std::string path =
      parent_kind == Node::Kind::kList ? parent + "[]" : joined_path(parent, node.key);
  return std::ranges::count(kKeyLists, path) > 0 ? "keys" : path;
}

void visit(Decoder& decoder, const Node& node, const std::string& path) {
  for (const Node& child : node.children) {
    const std::string child_path = path_of(path, child, node.kind);
    if (std::ranges::count(kNotEnforced, child_path) == 0) {
      visit(decoder, child, child_path);
    } else if (says_something(decoder.resolved_if_possible(child))) {
      decoder.warning_at_key(child, "not enforced yet by this version, or not in full");
    }
  }
}

}  // namespace

void warn_of_what_is_not_enforced(Decoder& decoder, const Node& root) {
  visit(decoder, root, {});
}

}  // namespace penstock::config
