#pragma once

// What the store remembers, as plain values.
//
// Owners form a tree: organization, team, user, key; each level may be left out. A key is an owner
// whose secret is known by its SHA-256 only. Times are of the wall clock, in UTC, and are kept in
// milliseconds; money is in millionths of a US dollar.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/owners.h"
#include "config/terms.h"
#include "core/clock.h"

namespace penstock::store {

// Of 26 characters, in the order in which they were made (the ULID specification): `01J…`.
using Id = std::string;

enum class OwnerKind : std::uint8_t { kOrganization, kTeam, kUser, kKey };

struct Owner {
  Id id;
  OwnerKind kind = OwnerKind::kTeam;
  std::optional<Id> parent;  // of a kind before this one
  std::string name;          // unique among the owners of this kind that have the same parent
  bool disabled = false;
  config::Terms terms;
  std::vector<std::string> tags;  // `project:search`
  std::string metadata = "{}";    // a JSON object; at most 4 KiB
  std::string created_by;         // the name of an administrator
  WallTime created_at{};
  // With each change, one more: what an ETag and a conflict are told by.
  std::uint64_t version = 1;

  bool operator==(const Owner&) const = default;
};

// A key that was replaced and is still valid.
struct PreviousKey {
  config::KeyHash hash{};
  WallTime valid_until{};

  bool operator==(const PreviousKey&) const = default;
};

struct Key {
  Owner owner;
  config::KeyHash hash{};
  // What people tell keys by: the first 10 characters and the last 4.
  std::string prefix;
  std::string last4;
  config::Role role = config::Role::kInference;
  std::optional<WallTime> expires_at;
  std::optional<PreviousKey> previous;
  std::optional<WallTime> rotated_at;
  std::optional<WallTime> last_used_at;  // within a minute

  bool operator==(const Key&) const = default;
};

// What has been used of a budget in its window.
struct Spent {
  Id owner;
  std::string budget;  // its name
  WallTime window_began{};
  std::int64_t amount = 0;
  std::int64_t reserved = 0;  // by requests that are open

  bool operator==(const Spent&) const = default;
};

// What budgets have used at one moment: those of all budgets that have changed since the last
// checkpoint, or of all. After a crash, what has been used is that of the last checkpoint, and the
// charges of the usage rows that are not in it; what was reserved and is not known to be settled
// counts as used. So a budget never has less than its rows say.
struct Checkpoint {
  std::vector<Spent> spent;
  // The charges of all rows up to this one are in the amounts (UsageRow::sequence).
  std::uint64_t through = 0;
  // All that was reserved before this time was in the amounts or in what is reserved.
  WallTime as_of{};

  bool operator==(const Checkpoint&) const = default;
};

// What a request has cost a budget, in the budget's quantity.
struct Charge {
  Id owner;
  std::string budget;
  WallTime window_began{};    // the window that it counts in: that of its reservation
  std::int64_t amount = 0;    // what it came to
  std::int64_t reserved = 0;  // what was reserved for it, and is reserved no more

  bool operator==(const Charge&) const = default;
};

// One request that an upstream was asked for.
struct UsageRow {
  // Rises with each row, across restarts; rows know each other by it. store/keeper.h sets it.
  std::uint64_t sequence = 0;
  std::string request_id;
  WallTime began{};
  Id key;  // empty: anonymous, or a key of the configuration without an id
  std::string key_name;
  Id team;                 // the team among the owners; empty: none
  std::vector<Id> owners;  // all that it counts for: the key and those above it
  std::string route;       // `POST /v1/chat/completions`
  std::string model;       // as the client names it
  std::string provider;
  std::string upstream_model;
  int status = 0;          // 0: none could be sent
  std::string error;       // the kind's name; empty: none
  std::int64_t input = 0;  // of tokens, with those of the cache
  std::int64_t cached = 0;
  std::int64_t cache_write = 0;
  std::int64_t output = 0;  // with those of reasoning
  std::int64_t reasoning = 0;
  bool estimated = false;            // the counts: the upstream has stated none
  std::optional<std::int64_t> cost;  // nullopt: the model has no price
  std::string price_version;
  std::int64_t duration_ms = 0;
  std::optional<std::int64_t> first_token_ms;
  std::uint32_t attempts = 0;
  std::vector<std::string> tags;
  std::vector<Charge> charges;  // one for each budget that it counts in
  // A time after the last of its reservations was made: read after it, or the row's end.
  WallTime reserved_at{};

  bool operator==(const UsageRow&) const = default;
};

// Something that a client has made and will name again: a stored completion, a file, a response.
struct Object {
  std::string id;        // the client's name for it: `chatcmpl-…`
  std::string kind;      // `chat.completion`
  Id owner;              // whose it is: who may see it
  std::string provider;  // where it is kept; empty: here
  std::string model;
  WallTime created_at{};
  std::optional<WallTime> expires_at;
  std::string metadata;  // a JSON object; empty: none
  std::string content;   // empty: kept by the provider

  bool operator==(const Object&) const = default;
};

// One change by an administrator. Texts are JSON, without anything secret; empty: there is none.
struct AuditEntry {
  WallTime at{};
  std::string actor;
  std::string action;  // `key.create`
  Id target;
  std::string before;
  std::string after;

  bool operator==(const AuditEntry&) const = default;
};

}  // namespace penstock::store
