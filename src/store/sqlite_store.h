#pragma once

// SqliteStore: the store in a folder of SQLite files, for one process at a time.
//
//   penstock.db           owners, keys, what budgets have used, audit, objects, sums by the hour;
//                         each change is on the disk when its function returns
//   usage-2026-01-31.db   the rows of one day (store/usage_files.h); a failure of power may take
//                         the last of them
//   penstock.lock         locked while a process has the store open
//
// The folder has mode 0700, the files 0600.

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "store/sqlite_database.h"
#include "store/store.h"
#include "store/usage_files.h"

namespace penstock::store {

class SqliteStore final : public Store {
 public:
  // How long sums by the hour are kept.
  static constexpr std::chrono::days kSumsKept{2 * 366};

  // Makes the folder and the files if they are missing, and brings them to the latest schema. Fails
  // with kStoreUnavailable, also if another process has the store open.
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& folder);
  ~SqliteStore() override;

  static std::filesystem::path main_file(const std::filesystem::path& folder);

  Result<Snapshot> load() override;
  Status put(const Owner& owner, std::optional<std::uint64_t> expected,
             const AuditEntry& entry) override;
  Status put(const Key& key, std::optional<std::uint64_t> expected,
             const AuditEntry& entry) override;
  Status remove(const Id& owner, const AuditEntry& entry) override;
  Status touch(std::span<const std::pair<Id, WallTime>> last_used) override;
  Status checkpoint(const Checkpoint& checkpoint) override;
  Status append(std::span<const UsageRow> rows) override;
  Result<std::uint64_t> last_sequence() override;
  Result<std::vector<UsageRow>> usage(const UsageFilter& filter, std::size_t limit) override;
  Result<std::vector<UsageSum>> sums(const UsageFilter& filter,
                                     std::span<const UsageGroup> groups) override;
  Status expire(WallTime usage_before, WallTime now) override;
  Status put(const Object& object) override;
  Result<std::optional<Object>> object(std::string_view kind, std::string_view id) override;
  Result<std::vector<Object>> objects(const ObjectFilter& filter) override;
  Result<bool> remove_object(std::string_view kind, std::string_view id) override;
  Result<std::vector<AuditEntry>> audit(std::size_t offset, std::size_t limit) override;

 private:
  class Lock;

  SqliteStore(std::unique_ptr<Lock> lock, SqliteDatabase main, UsageFiles usage);

  // Moves a day's sums to the main file, unless they are there.
  Status keep_sums_of(const Day& day);

  std::unique_ptr<Lock> lock_;
  SqliteDatabase main_;
  UsageFiles usage_;
};

}  // namespace penstock::store
