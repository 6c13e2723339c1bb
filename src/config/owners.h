#pragma once

// Whom requests are charged to: API keys, and the users, teams and organizations above them, as the
// configuration declares them.
//
// They form a tree: organization, team, user, key; each level may be left out. An entry names what
// is next above it; what it names beyond that agrees with what that one says (config/load.h).

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/terms.h"
#include "core/clock.h"
#include "core/secret.h"

namespace penstock::config {

// A SHA-256.
using KeyHash = std::array<unsigned char, 32>;

// One entry of server.api_keys or keys.
struct ApiKey {
  std::string name;
  Secret key;  // empty: only its hash is known
  Role role = Role::kInference;
  std::optional<KeyHash> hash{};  // of the whole key; nullopt: the key itself is there
  // Names of other entries; empty: of none.
  std::string organization{};
  std::string team{};
  std::string user{};
  std::vector<std::string> tags{};
  std::optional<WallTime> expires{};
  Terms terms{};
};

// One entry of organizations, teams or users.
struct DeclaredOwner {
  std::string name;          // unique among its kind
  std::string organization;  // of a team or a user; empty: of none
  std::string team;          // of a user; empty: of none
  Terms terms;
};

struct Owners {
  std::vector<DeclaredOwner> organizations;
  std::vector<DeclaredOwner> teams;
  std::vector<DeclaredOwner> users;

  bool empty() const { return organizations.empty() && teams.empty() && users.empty(); }
};

struct OwnerAbove {
  std::string_view kind;  // `user`, `team` or `organization`
  const DeclaredOwner* owner;
};

// The owners above a key, from the next one up; they live as long as `owners`.
std::vector<OwnerAbove> owners_above(const ApiKey& key, const Owners& owners);

}  // namespace penstock::config
