#include "store/sqlite_upkeep.h"

#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "store/sqlite_database.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_store.h"
#include "store/usage_files.h"

namespace penstock::store {
namespace {

Error folder_failure(const std::filesystem::path& folder, const std::string& what) {
  return Error::gateway(ErrorKind::kStoreUnavailable,
                        "the folder " + folder.string() + ": " + what);
}

struct FoundFile {
  std::filesystem::path path;
  const SqliteSchema* schema;
};

// The main file first.
Result<std::vector<FoundFile>> files_of(const std::filesystem::path& folder) {
  const std::filesystem::path main = SqliteStore::main_file(folder);
  std::error_code error;
  if (!std::filesystem::is_regular_file(main, error)) {
    return failure(
        folder_failure(folder, "it has no store: there is no file " + main.filename().string()));
  }
  std::vector<FoundFile> files = {{main, &main_schema()}};
  const UsageFiles usage(folder);
  const Result<std::vector<Day>> days = usage.days();
  if (!days) return failure(days.error());
  for (const Day& day : *days) files.push_back({usage.file_of(day), &usage_schema()});
  return files;
}

// Adds the first column of each row, but for `ok`.
Status collect(SqliteDatabase& database, std::string_view sql, std::vector<std::string>& problems) {
  SqliteQuery query = database.query(sql);
  return query.each_row([&] {
    std::string problem = query.text();
    if (problem != "ok") problems.push_back(std::move(problem));
  });
}

Status look_at(const FoundFile& found, StoreFile& file) {
  Result<SqliteDatabase> database =
      SqliteDatabase::open(found.path, {.access = SqliteDatabase::Access::kRead});
  if (!database) return failure(std::move(database.error()));
  const Result<std::int64_t> version = version_of(*database);
  if (!version) return failure(version.error());
  file.schema = *version;
  if (*version > found.schema->latest()) {
    file.problems.push_back("its schema is newer than this Penstock, which knows schemas up to " +
                            std::to_string(found.schema->latest()));
  }
  Status looked = collect(*database, "PRAGMA integrity_check", file.problems);
  if (!looked) return looked;
  return collect(*database,
                 "SELECT \"table\" || ' refers to ' || parent || ' that is not there' "
                 "FROM pragma_foreign_key_check",
                 file.problems);
}

}  // namespace

Result<std::vector<StoreFile>> check_store(const std::filesystem::path& folder) {
  const Result<std::vector<FoundFile>> found = files_of(folder);
  if (!found) return failure(found.error());
  std::vector<StoreFile> files;
  for (const FoundFile& each : *found) {
    StoreFile& file = files.emplace_back();
    file.name = each.path.filename();
    // A file that cannot be read is a finding, and the others are looked at all the same.
    const Status looked = look_at(each, file);
    if (!looked) file.problems.push_back(looked.error().message);
  }
  return files;
}

Status back_up_store(const std::filesystem::path& folder, const std::filesystem::path& copy) {
  const Result<std::vector<FoundFile>> found = files_of(folder);
  if (!found) return failure(found.error());
  if (::mkdir(copy.c_str(), S_IRWXU) != 0) {
    return failure(folder_failure(
        copy, "it cannot be made for a copy: " + std::generic_category().message(errno)));
  }
  for (const FoundFile& each : *found) {
    Result<SqliteDatabase> database =
        SqliteDatabase::open(each.path, {.access = SqliteDatabase::Access::kWrite});
    if (!database) return failure(std::move(database.error()));
    Status copied = database->back_up(copy / each.path.filename());
    if (!copied) return copied;
  }
  return {};
}

Status migrate_store(const std::filesystem::path& folder) {
  // Opening makes what is missing, which is not what is asked for.
  const Result<std::vector<FoundFile>> found = files_of(folder);
  if (!found) return failure(found.error());
  Result<std::unique_ptr<SqliteStore>> store = SqliteStore::open(folder);
  if (!store) return failure(std::move(store.error()));
  // Looks into every file of usage, and so brings each up to date.
  const Result<std::uint64_t> last = (*store)->last_sequence();
  if (!last) return failure(last.error());
  return {};
}

}  // namespace penstock::store
