#include "config/decode_owners.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "config/decode_terms.h"

namespace penstock::config {
namespace {

template <std::string DeclaredOwner::* field>
constexpr Key<DeclaredOwner> owner_text(std::string_view name) {
  return {name, "text", "none", [](Decoder& decoder, const Node& node, DeclaredOwner& owner) {
            store(decoder.text(node), owner.*field);
          }};
}

constexpr Key<DeclaredOwner> kOwnerName = {
    "name", "text", "",
    [](Decoder& decoder, const Node& node, DeclaredOwner& owner) {
      store(decoder.text(node), owner.name);
      if (owner.name.empty()) decoder.error(node, "expected a name");
    },
    Use::kRequired};

constexpr std::array kOrganizationKeys = {kOwnerName};
constexpr std::array kTeamKeys = {kOwnerName,
                                  owner_text<&DeclaredOwner::organization>("organization")};
constexpr std::array kUserKeys = {kOwnerName, owner_text<&DeclaredOwner::team>("team"),
                                  owner_text<&DeclaredOwner::organization>("organization")};

void decode_owners(Decoder& decoder, const Node& node, std::span<const Key<DeclaredOwner>> own,
                   std::vector<DeclaredOwner>& owners) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  const std::vector<Key<DeclaredOwner>> keys = with_terms<DeclaredOwner>(own);
  for (const Node& item : *items) {
    DeclaredOwner owner;
    decode_section<DeclaredOwner>(decoder, item, keys, owner);
    const bool is_known = std::ranges::count(owners, owner.name, &DeclaredOwner::name) > 0;
    if (is_known && !owner.name.empty()) {
      decoder.error(*item.find("name"), "another entry of this list has the same name");
    }
    owners.push_back(std::move(owner));
  }
}

// What an entry says of what is above it.
class OwnerChecks {
 public:
  OwnerChecks(Decoder& decoder, const Owners& owners) : decoder_(decoder), owners_(owners) {}

  void check_list(const Node* list) {
    if (list == nullptr) return;
    for (const Node& item : list->children) check_entry(item);
  }

 private:
  void check_entry(const Node& item) {
    const DeclaredOwner* const user = named(item, "user", owners_.users);
    const DeclaredOwner* const team = named(item, "team", owners_.teams);
    named(item, "organization", owners_.organizations);
    if (user != nullptr) {
      compare(item, "team", user->team, "user");
      compare(item, "organization", organization_of(*user), "user");
    } else if (team != nullptr) {
      compare(item, "organization", team->organization, "team");
    }
  }

  // Null if the entry names none, or one that there is not.
  const DeclaredOwner* named(const Node& item, std::string_view key,
                             const std::vector<DeclaredOwner>& owners) {
    const std::string name = decoder_.text_if_any(item, key);
    if (name.empty()) return nullptr;
    const auto found = std::ranges::find(owners, name, &DeclaredOwner::name);
    if (found != owners.end()) return &*found;
    decoder_.error(*item.find(key), fmt::format("there is no such {0}; declare it in `{0}s`", key));
    return nullptr;
  }

  // A user may leave it to its team.
  std::string organization_of(const DeclaredOwner& user) const {
    const auto team = std::ranges::find(owners_.teams, user.team, &DeclaredOwner::name);
    return team == owners_.teams.end() ? user.organization : team->organization;
  }

  void compare(const Node& item, std::string_view key, const std::string& expected,
               std::string_view nearest) {
    const std::string name = decoder_.text_if_any(item, key);
    if (name.empty() || name == expected) return;
    decoder_.error(*item.find(key), fmt::format("the {0} does not belong to this {1}; say so where "
                                                "the {0} is declared, or remove it here",
                                                nearest, key));
  }

  Decoder& decoder_;
  const Owners& owners_;
};

}  // namespace

void decode_organizations(Decoder& decoder, const Node& node, Draft& draft) {
  decode_owners(decoder, node, kOrganizationKeys, draft.settings.owners.organizations);
}

void decode_teams(Decoder& decoder, const Node& node, Draft& draft) {
  decode_owners(decoder, node, kTeamKeys, draft.settings.owners.teams);
}

void decode_users(Decoder& decoder, const Node& node, Draft& draft) {
  decode_owners(decoder, node, kUserKeys, draft.settings.owners.users);
}

void list_organizations_keys(const std::string& path, KnownKeys& out) {
  list_section<DeclaredOwner>(path + "[]", kOrganizationKeys, out);
}

void list_teams_keys(const std::string& path, KnownKeys& out) {
  list_section<DeclaredOwner>(path + "[]", kTeamKeys, out);
}

void list_users_keys(const std::string& path, KnownKeys& out) {
  list_section<DeclaredOwner>(path + "[]", kUserKeys, out);
}

void check_owners(Decoder& decoder, const Node& root, const Settings& settings) {
  OwnerChecks checks(decoder, settings.owners);
  const auto list_at = [&](std::initializer_list<std::string_view> keys) {
    const Node* node = &root;
    for (const std::string_view key : keys) node = node == nullptr ? nullptr : node->find(key);
    return node;
  };
  checks.check_list(list_at({"teams"}));
  checks.check_list(list_at({"users"}));
  checks.check_list(list_at({"keys"}));
  checks.check_list(list_at({"server", "api_keys"}));
  checks.check_list(list_at({"server", "auth", "provider_config", "api_keys"}));
}

}  // namespace penstock::config
