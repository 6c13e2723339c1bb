#pragma once

// Store: what outlives the process, as one interface over SQLite and PostgreSQL.
//
// Every function blocks, and is called on the store's own thread only (store/keeper.h); no request
// waits for one. A change is one transaction: it is lasting when the function returns, or nothing
// of it is. Fails with kStoreUnavailable if the database cannot be used now, kConflict if a name is
// taken or a version is not the one that was expected, kNotFound if there is no such owner or
// parent, kInvalidRequest if a parent's kind does not come before the owner's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/records.h"

namespace penstock::store {

// Everything that requests are judged by.
struct Snapshot {
  std::vector<Owner> owners;  // that are no keys; parents before their children
  std::vector<Key> keys;
  std::vector<Spent> spent;  // nothing is reserved: what was open has ended with its process
};

// Which usage rows: all that fit every condition that is given.
struct UsageFilter {
  WallTime from{};
  WallTime until = WallTime::max();  // excluded
  std::optional<Id> owner = {};      // one of the row's
  std::string model = {};            // empty: any
  std::string provider = {};
};

enum class UsageGroup : std::uint8_t { kKey, kTeam, kModel, kProvider, kDay, kTag };

struct UsageSum {
  // A value for each of the groups that were asked for: an id, a name, a day as `2026-01-31`, a
  // tag; empty for what has none. A row with several tags counts for each of them.
  std::vector<std::string> group;
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t output = 0;
  std::int64_t cost = 0;
  std::int64_t unpriced = 0;  // requests whose cost is not known
};

// Which stored objects, newest first or oldest first, after one of them.
struct ObjectFilter {
  std::string kind;
  std::optional<Id> owner = {};                                    // nullopt: anybody's
  std::string model = {};                                          // empty: any
  std::vector<std::pair<std::string, std::string>> metadata = {};  // members with just these texts
  std::string after = {};                                          // an id; empty: from the start
  bool newest_first = false;
  std::size_t limit = 20;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual Result<Snapshot> load() = 0;

  // Adds or replaces. `expected`: the version that it replaces; nullopt: there must be none. The
  // record's version is the new one.
  virtual Status put(const Owner& owner, std::optional<std::uint64_t> expected,
                     const AuditEntry& entry) = 0;
  virtual Status put(const Key& key, std::optional<std::uint64_t> expected,
                     const AuditEntry& entry) = 0;
  // Removes an owner; fails with kConflict if others have it as their parent.
  virtual Status remove(const Id& owner, const AuditEntry& entry) = 0;
  virtual Status touch(std::span<const std::pair<Id, WallTime>> last_used) = 0;

  virtual Status checkpoint(const Checkpoint& checkpoint) = 0;

  // Each row's sequence is more than that of all rows before it. Rows that are there already are
  // left alone, so that what has failed half-way may be tried again.
  virtual Status append(std::span<const UsageRow> rows) = 0;
  // The last row's, or that of the checkpoint if it is more; 0: none.
  virtual Result<std::uint64_t> last_sequence() = 0;
  // Newest first; at most `limit`.
  virtual Result<std::vector<UsageRow>> usage(const UsageFilter& filter, std::size_t limit) = 0;
  virtual Result<std::vector<UsageSum>> sums(const UsageFilter& filter,
                                             std::span<const UsageGroup> groups) = 0;
  // Removes the usage of days that have ended by `usage_before`, except its sums by the hour
  // (without tags), which are kept for two years, and the objects that have expired.
  virtual Status expire(WallTime usage_before, WallTime now) = 0;

  // Adds or replaces.
  virtual Status put(const Object& object) = 0;
  virtual Result<std::optional<Object>> object(std::string_view kind, std::string_view id) = 0;
  virtual Result<std::vector<Object>> objects(const ObjectFilter& filter) = 0;
  // False if there is none.
  virtual Result<bool> remove_object(std::string_view kind, std::string_view id) = 0;

  // Newest first, without the `offset` newest ones; at most `limit`.
  virtual Result<std::vector<AuditEntry>> audit(std::size_t offset, std::size_t limit) = 0;
};

}  // namespace penstock::store
