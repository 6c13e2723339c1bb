#include "config/owners.h"

#include <algorithm>

namespace penstock::config {
namespace {

const DeclaredOwner* find_owner(const std::vector<DeclaredOwner>& owners, const std::string& name) {
  const auto found = std::ranges::find(owners, name, &DeclaredOwner::name);
  return name.empty() || found == owners.end() ? nullptr : &*found;
}

}  // namespace

std::vector<OwnerAbove> owners_above(const ApiKey& key, const Owners& owners) {
  const auto first_of = [](const std::string& own, const std::string* above) {
    return own.empty() && above != nullptr ? *above : own;
  };
  std::vector<OwnerAbove> above;
  const DeclaredOwner* const user = find_owner(owners.users, key.user);
  if (user != nullptr) above.push_back({.kind = "user", .owner = user});
  const DeclaredOwner* const team =
      find_owner(owners.teams, first_of(key.team, user == nullptr ? nullptr : &user->team));
  if (team != nullptr) above.push_back({.kind = "team", .owner = team});
  const DeclaredOwner* const nearest = team != nullptr ? team : user;
  const DeclaredOwner* const organization =
      find_owner(owners.organizations,
                 first_of(key.organization, nearest == nullptr ? nullptr : &nearest->organization));
  if (organization != nullptr) above.push_back({.kind = "organization", .owner = organization});
  return above;
}

}  // namespace penstock::config
