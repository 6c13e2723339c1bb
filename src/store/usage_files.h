#pragma once

// Usage files: a SQLite file for each day (UTC) in which requests began, `usage-2026-01-31.db`. So
// old usage is removed by removing a file, and a disk that usage has filled locks no keys.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/records.h"
#include "store/sqlite_database.h"
#include "store/store.h"
#include "store/usage_sums.h"

namespace penstock::store {

// A day as files name it: `2026-01-31`. Days sort by time.
using Day = std::string;
Day day_of(WallTime time);

class UsageFiles {
 public:
  // How long one question may take: rows wait meanwhile (store/keeper.h).
  static constexpr std::chrono::seconds kQuestionTime{2};

  explicit UsageFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Rows of a sequence that is there already are left alone.
  Status append(std::span<const UsageRow> rows);
  // 0: there is no row.
  Result<std::uint64_t> last_sequence();
  // By days, and in each by sequence: newest first.
  Result<std::vector<UsageRow>> rows(const UsageFilter& filter, std::size_t limit);
  // Adds those of the days that `is_counted` says.
  Status add_sums(const UsageFilter& filter, std::span<const UsageGroup> groups,
                  const std::function<bool(const Day&)>& is_counted, SumsByGroup& sums);

  // Calls `take` with each charge of the rows after that one.
  using TakeCharge = std::function<void(const Charge& charge, WallTime reserved_at)>;
  Status read_charges(std::uint64_t after, const TakeCharge& take);

  // The days that have a file, oldest first.
  Result<std::vector<Day>> days() const;
  std::filesystem::path file_of(const Day& day) const;
  // Opens its file, and makes it if it is missing. Valid until the next call.
  Result<SqliteDatabase*> open(const Day& day);
  // Removes its file.
  Status remove(const Day& day);

 private:
  // Requests that began before midnight end after it; others are looked at now and then.
  static constexpr std::size_t kOpenMax = 3;

  std::filesystem::path folder_;
  std::map<Day, SqliteDatabase> open_;
};

}  // namespace penstock::store
