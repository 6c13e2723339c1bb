#include "store/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <system_error>

#include "store/sqlite_objects.h"
#include "store/sqlite_owners.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_spent.h"

namespace penstock::store {
namespace {

Error folder_error(const std::filesystem::path& folder, const std::string& what) {
  return Error::gateway(ErrorKind::kStoreUnavailable,
                        "the store's folder " + folder.string() + ": " + what);
}

// The last folder of the path gets the mode of a secret; those above it are the machine's.
Status make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  return failure(
      folder_error(folder, "it cannot be made: " + std::generic_category().message(errno)));
}

// The days whose sums are in the main file.
Result<std::set<Day>> kept_days(SqliteDatabase& database) {
  std::set<Day> days;
  SqliteQuery query = database.query("SELECT day FROM usage_day");
  Status read = query.each_row([&] { days.insert(query.text()); });
  if (!read) return failure(std::move(read.error()));
  return days;
}

bool has_ended(const Day& day, WallTime by) {
  return day < day_of(by);
}

}  // namespace

class SqliteStore::Lock {
 public:
  static Result<std::unique_ptr<Lock>> take(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "penstock.lock";
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0) {
      return failure(
          folder_error(folder, "it cannot be locked: " + std::generic_category().message(errno)));
    }
    std::unique_ptr<Lock> lock(new Lock(descriptor));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    return failure(folder_error(
        folder, "another process uses it: stop that, or give this one a folder of its own"));
  }
  ~Lock() { ::close(descriptor_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

SqliteStore::SqliteStore(std::unique_ptr<Lock> lock, SqliteDatabase main, UsageFiles usage)
    : lock_(std::move(lock)), main_(std::move(main)), usage_(std::move(usage)) {}

SqliteStore::~SqliteStore() = default;

std::filesystem::path SqliteStore::main_file(const std::filesystem::path& folder) {
  return folder / "penstock.db";
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& folder) {
  Status made = make_folder(folder);
  if (!made) return failure(std::move(made.error()));
  Result<std::unique_ptr<Lock>> lock = Lock::take(folder);
  if (!lock) return failure(std::move(lock.error()));
  Result<SqliteDatabase> main = SqliteDatabase::open(main_file(folder), {});
  if (!main) return failure(std::move(main.error()));
  Status migrated = migrate(*main, main_schema());
  if (!migrated) return failure(std::move(migrated.error()));
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(std::move(*lock), std::move(*main), UsageFiles(folder)));
}

Result<Snapshot> SqliteStore::load() {
  Result<OwnersAndKeys> loaded = load_owners(main_);
  if (!loaded) return failure(std::move(loaded.error()));
  Result<Checkpoint> checkpoint = load_checkpoint(main_);
  if (!checkpoint) return failure(std::move(checkpoint.error()));
  const std::uint64_t through = checkpoint->through;
  Recovery recovery(std::move(*checkpoint));
  Status read = usage_.read_charges(through, [&](const Charge& charge, WallTime reserved_at) {
    recovery.add(charge, reserved_at);
  });
  if (!read) return failure(std::move(read.error()));
  return Snapshot{.owners = std::move(loaded->owners),
                  .keys = std::move(loaded->keys),
                  .spent = std::move(recovery).spent()};
}

Status SqliteStore::put(const Owner& owner, std::optional<std::uint64_t> expected,
                        const AuditEntry& entry) {
  return put_owner(main_, owner, expected, entry);
}

Status SqliteStore::put(const Key& key, std::optional<std::uint64_t> expected,
                        const AuditEntry& entry) {
  return put_key(main_, key, expected, entry);
}

Status SqliteStore::remove(const Id& owner, const AuditEntry& entry) {
  return remove_owner(main_, owner, entry);
}

Status SqliteStore::touch(std::span<const std::pair<Id, WallTime>> last_used) {
  return touch_keys(main_, last_used);
}

Status SqliteStore::checkpoint(const Checkpoint& checkpoint) {
  return save_checkpoint(main_, checkpoint);
}

Status SqliteStore::append(std::span<const UsageRow> rows) {
  return usage_.append(rows);
}

Result<std::uint64_t> SqliteStore::last_sequence() {
  const Result<Checkpoint> checkpoint = load_checkpoint(main_);
  if (!checkpoint) return failure(checkpoint.error());
  const Result<std::uint64_t> last = usage_.last_sequence();
  if (!last) return failure(last.error());
  return std::max(checkpoint->through, *last);
}

Result<std::vector<UsageRow>> SqliteStore::usage(const UsageFilter& filter, std::size_t limit) {
  return usage_.rows(filter, limit);
}

Result<std::vector<UsageSum>> SqliteStore::sums(const UsageFilter& filter,
                                                std::span<const UsageGroup> groups) {
  const Result<std::set<Day>> kept = kept_days(main_);
  if (!kept) return failure(kept.error());
  SumsByGroup by_group;
  Status added = add_sums(main_, SumSource::kHours, filter, groups, by_group);
  if (!added) return failure(std::move(added.error()));
  added = usage_.add_sums(
      filter, groups, [&](const Day& day) { return !kept->contains(day); }, by_group);
  if (!added) return failure(std::move(added.error()));
  std::vector<UsageSum> sums;
  for (auto& [group, sum] : by_group) sums.push_back(std::move(sum));
  return sums;
}

Status SqliteStore::keep_sums_of(const Day& day) {
  const Result<SqliteDatabase*> database = usage_.open(day);
  if (!database) return failure(database.error());
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(main_);
  if (!transaction) return failure(std::move(transaction.error()));
  Status done = main_.query("INSERT INTO usage_day VALUES(?1)").bind(day).run();
  if (done) done = copy_hours(**database, main_);
  if (!done) return done;
  return transaction->commit();
}

Status SqliteStore::expire(WallTime usage_before, WallTime now) {
  const Result<std::vector<Day>> days = usage_.days();
  if (!days) return failure(days.error());
  const Result<std::set<Day>> kept = kept_days(main_);
  if (!kept) return failure(kept.error());
  for (const Day& day : *days) {
    if (!has_ended(day, usage_before)) continue;
    Status done = kept->contains(day) ? Status() : keep_sums_of(day);
    if (done) done = usage_.remove(day);
    if (!done) return done;
  }
  const WallTime forgotten = now - kSumsKept;
  Status done = main_.query("DELETE FROM usage_hour WHERE hour < ?1").bind(forgotten).run();
  if (done) {
    done = main_.query("DELETE FROM usage_day WHERE day < ?1").bind(day_of(forgotten)).run();
  }
  if (!done) return done;
  return expire_objects(main_, now);
}

Status SqliteStore::put(const Object& object) {
  return put_object(main_, object);
}

Result<std::optional<Object>> SqliteStore::object(std::string_view kind, std::string_view id) {
  return load_object(main_, kind, id);
}

Result<std::vector<Object>> SqliteStore::objects(const ObjectFilter& filter) {
  return list_objects(main_, filter);
}

Result<bool> SqliteStore::remove_object(std::string_view kind, std::string_view id) {
  return drop_object(main_, kind, id);
}

Result<std::vector<AuditEntry>> SqliteStore::audit(std::size_t offset, std::size_t limit) {
  return load_audit(main_, offset, limit);
}

}  // namespace penstock::store
