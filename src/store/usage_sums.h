#pragma once

// Sums of usage by the hour: the table `usage_hour`, which every usage file has for its rows, and
// `penstock.db` for days whose files are gone. It is kept in the transaction that adds the rows, so
// the two agree. Sums over days of millions of rows are then sums of some thousands.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "store/records.h"
#include "store/sqlite_database.h"
#include "store/store.h"

namespace penstock::store {

// By what they are grouped by.
using SumsByGroup = std::map<std::vector<std::string>, UsageSum>;

// What sums are made of.
enum class SumSource : std::uint8_t {
  kHours,  // whole hours, by when they began; tags are not known
  kRows,   // for what hours cannot tell: tags, and times within an hour
};

// Whether hours tell as much as rows.
bool hours_suffice(const UsageFilter& filter, std::span<const UsageGroup> groups);

Status add_to_hours(SqliteDatabase& database, const UsageRow& row);

// Adds those of the file to `sums`.
Status add_sums(SqliteDatabase& database, SumSource source, const UsageFilter& filter,
                std::span<const UsageGroup> groups, SumsByGroup& sums);

// Copies the hours of a file into another one.
Status copy_hours(SqliteDatabase& from, SqliteDatabase& to);

}  // namespace penstock::store
