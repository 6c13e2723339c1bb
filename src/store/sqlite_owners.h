#pragma once

// Owners, their keys and terms in `penstock.db`. Each change is a transaction of its own, with its
// entry of the audit. Fails as store/store.h says.

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/records.h"
#include "store/sqlite_database.h"

namespace penstock::store {

struct OwnersAndKeys {
  std::vector<Owner> owners;  // that are no keys; parents before their children
  std::vector<Key> keys;
};

Result<OwnersAndKeys> load_owners(SqliteDatabase& database);

Status put_owner(SqliteDatabase& database, const Owner& owner,
                 std::optional<std::uint64_t> expected, const AuditEntry& entry);
Status put_key(SqliteDatabase& database, const Key& key, std::optional<std::uint64_t> expected,
               const AuditEntry& entry);
Status remove_owner(SqliteDatabase& database, const Id& owner, const AuditEntry& entry);
// Of keys that are there.
Status touch_keys(SqliteDatabase& database, std::span<const std::pair<Id, WallTime>> last_used);

Result<std::vector<AuditEntry>> load_audit(SqliteDatabase& database, std::size_t offset,
                                           std::size_t limit);

}  // namespace penstock::store
