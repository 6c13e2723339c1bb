#pragma once

// The schemas of the store's files, and how a file of an earlier one becomes one of the latest.
//
// A file has the number of its schema in `user_version`. Migrations only go forward, each in a
// transaction. A file of a newer schema is refused: an older Penstock would lose what it does not
// know.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/result.h"
#include "store/sqlite_database.h"

namespace penstock::store {

struct SqliteSchema {
  // The statements that lead from one version to the next.
  using Migration = std::span<const char* const>;

  // From version 0 to 1, from 1 to 2, …
  std::span<const Migration> migrations;
  // Whether the file is copied before it is migrated: to `FILE.version-1`, for version 1.
  enum class Copy : std::uint8_t { kNo, kYes } copy = Copy::kYes;

  std::int64_t latest() const { return static_cast<std::int64_t>(migrations.size()); }
};

// `penstock.db`: keys, owners, what budgets have used, audit, objects, sums of usage by the hour.
const SqliteSchema& main_schema();
// `usage-2026-01-31.db`: the rows of a day, and their sums by the hour.
const SqliteSchema& usage_schema();

Result<std::int64_t> version_of(SqliteDatabase& database);

// Fails with kStoreUnavailable if the file is of a newer schema, or a migration fails: the file is
// then as it was.
Status migrate(SqliteDatabase& database, const SqliteSchema& schema);

}  // namespace penstock::store
