#include "store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <system_error>
#include <utility>

namespace penstock::store {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's machine: about a millisecond

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

ErrorKind kind_of(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return ErrorKind::kConflict;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return ErrorKind::kNotFound;
    default:
      return ErrorKind::kStoreUnavailable;
  }
}

Error file_error(const std::filesystem::path& file, const std::string& what) {
  return Error::gateway(ErrorKind::kStoreUnavailable,
                        "the store's file " + file.string() + ": " + what);
}

// SQLite gives its other files the mode of the first.
Status create_file(const std::filesystem::path& file, int flags) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, kOwnerOnly);
  if (descriptor < 0) {
    return failure(file_error(file, std::generic_category().message(errno)));
  }
  ::close(descriptor);
  return {};
}

}  // namespace

struct SqliteConnection {
  struct Kept {
    sqlite3_stmt* statement = nullptr;
    bool is_used = false;
  };

  explicit SqliteConnection(std::filesystem::path file_in) : file(std::move(file_in)) {}
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() {
    for (const auto& [sql, each] : kept) sqlite3_finalize(each.statement);
    sqlite3_close_v2(handle);
  }

  Error error_of(int code) const {
    std::string words = sqlite3_errstr(code);
    // The last failure's own words are of no other one.
    if (sqlite3_extended_errcode(handle) == code) words = sqlite3_errmsg(handle);
    if (code == SQLITE_INTERRUPT) words = "the question takes too long: ask for less at once";
    Error error = file_error(file, words);
    error.kind = kind_of(code);
    return error;
  }

  std::filesystem::path file;
  sqlite3* handle = nullptr;
  std::map<std::string, Kept, std::less<>> kept;
  std::optional<milliseconds> query_time;
  std::chrono::steady_clock::time_point query_ends;
};

// --- SqliteQuery ---------------------------------------------------------------------------------

SqliteQuery::SqliteQuery(SqliteConnection& connection, std::string_view sql)
    : connection_(&connection) {
  auto found = connection.kept.find(sql);
  if (found != connection.kept.end() && !found->second.is_used) {
    found->second.is_used = is_kept_ = true;
    statement_ = found->second.statement;
    return;
  }
  keep(sqlite3_prepare_v3(connection.handle, sql.data(), static_cast<int>(sql.size()),
                          SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
  // A statement that is within itself, or a wrong one, is not kept.
  if (found != connection.kept.end() || statement_ == nullptr) return;
  connection.kept.emplace(sql, SqliteConnection::Kept{statement_, true});
  is_kept_ = true;
}

SqliteQuery::SqliteQuery(SqliteQuery&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      is_kept_(other.is_kept_),
      failed_(std::move(other.failed_)),
      parameter_(other.parameter_),
      column_(other.column_) {}

SqliteQuery::~SqliteQuery() {
  if (statement_ == nullptr) return;
  if (!is_kept_) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  connection_->kept.find(std::string_view(sqlite3_sql(statement_)))->second.is_used = false;
}

// A later one follows from the first, and SQLite has words for the last one only.
void SqliteQuery::keep(int code) {
  if (code != SQLITE_OK && !failed_) failed_ = connection_->error_of(code);
}

void SqliteQuery::bind_integer(std::int64_t value) {
  keep(sqlite3_bind_int64(statement_, ++parameter_, value));
}

void SqliteQuery::bind_text(std::string_view value) {
  // An empty view may have no address, which SQLite takes for NULL.
  const char* const from = value.data() == nullptr ? "" : value.data();
  keep(sqlite3_bind_text64(statement_, ++parameter_, from, value.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void SqliteQuery::bind_bytes(std::span<const unsigned char> value) {
  keep(sqlite3_bind_blob64(statement_, ++parameter_, value.data(), value.size(), SQLITE_TRANSIENT));
}

void SqliteQuery::bind_time(WallTime value) {
  bind_integer(std::chrono::floor<milliseconds>(value.time_since_epoch()).count());
}

void SqliteQuery::bind_null() {
  keep(sqlite3_bind_null(statement_, ++parameter_));
}

Result<bool> SqliteQuery::next() {
  if (failed_) return failure(*failed_);
  if (connection_->query_time && !sqlite3_stmt_busy(statement_)) {
    connection_->query_ends = std::chrono::steady_clock::now() + *connection_->query_time;
  }
  column_ = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  keep(code);
  return failure(*failed_);
}

Status SqliteQuery::run() {
  for (;;) {
    const Result<bool> more = next();
    if (!more) return failure(more.error());
    if (!*more) return {};
  }
}

bool SqliteQuery::is_null() const {
  return sqlite3_column_type(statement_, column_) == SQLITE_NULL;
}

std::int64_t SqliteQuery::integer() {
  return sqlite3_column_int64(statement_, column_++);
}

std::string SqliteQuery::text() {
  const auto* const from = sqlite3_column_text(statement_, column_);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++));
  return from == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(from), size);
}

std::span<const unsigned char> SqliteQuery::bytes() {
  const auto* const from =
      static_cast<const unsigned char*>(sqlite3_column_blob(statement_, column_));
  return {from, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++))};
}

WallTime SqliteQuery::time() {
  return WallTime{milliseconds(integer())};
}

std::optional<std::int64_t> SqliteQuery::optional_integer() {
  if (!is_null()) return integer();
  skip();
  return std::nullopt;
}

std::optional<std::string> SqliteQuery::optional_text() {
  if (!is_null()) return text();
  skip();
  return std::nullopt;
}

std::optional<WallTime> SqliteQuery::optional_time() {
  if (!is_null()) return time();
  skip();
  return std::nullopt;
}

// --- SqliteDatabase ------------------------------------------------------------------------------

SqliteDatabase::SqliteDatabase(std::unique_ptr<SqliteConnection> connection)
    : connection_(std::move(connection)) {}
SqliteDatabase::SqliteDatabase(SqliteDatabase&&) noexcept = default;
SqliteDatabase& SqliteDatabase::operator=(SqliteDatabase&&) noexcept = default;
SqliteDatabase::~SqliteDatabase() = default;

Result<SqliteDatabase> SqliteDatabase::open(const std::filesystem::path& file,
                                            const Options& options) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= options.access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.access == Access::kCreate) {
    Status created = create_file(file, 0);
    if (!created) return failure(std::move(created.error()));
  }
  auto connection = std::make_unique<SqliteConnection>(file);
  const int code = sqlite3_open_v2(file.c_str(), &connection->handle, flags, nullptr);
  if (code != SQLITE_OK) return failure(connection->error_of(code));
  sqlite3_busy_timeout(connection->handle, static_cast<int>(options.patience.count()));
  // A file that somebody else has made must not run functions of ours.
  sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  SqliteDatabase database(std::move(connection));
  std::string settings = "PRAGMA foreign_keys = ON;";
  if (options.access == Access::kRead) {
    settings += "PRAGMA query_only = ON;";
  } else {
    settings += "PRAGMA journal_mode = WAL;";
    settings += options.durability == Durability::kFull ? "PRAGMA synchronous = FULL;"
                                                        : "PRAGMA synchronous = NORMAL;";
  }
  Status set = database.execute(settings);
  if (!set) return failure(std::move(set.error()));
  return database;
}

SqliteQuery SqliteDatabase::query(std::string_view sql) {
  return {*connection_, sql};
}

Status SqliteDatabase::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(connection_->error_of(code));
  return {};
}

std::int64_t SqliteDatabase::changes() const {
  return sqlite3_changes64(connection_->handle);
}

void SqliteDatabase::limit_queries(std::optional<milliseconds> time) {
  connection_->query_time = time;
  const auto is_over = [](void* given) {
    const auto* const connection = static_cast<const SqliteConnection*>(given);
    return std::chrono::steady_clock::now() < connection->query_ends ? 0 : 1;
  };
  sqlite3_progress_handler(connection_->handle, time ? kStepsBetweenLooks : 0,
                           time ? +is_over : nullptr, connection_.get());
}

Status SqliteDatabase::back_up(const std::filesystem::path& copy) {
  // Also refuses a file that is there, which might be the last good copy.
  Status created = create_file(copy, O_EXCL);
  if (!created) return created;
  return query("VACUUM INTO ?1").bind(copy.native()).run();
}

const std::filesystem::path& SqliteDatabase::file() const {
  return connection_->file;
}

// --- SqliteTransaction ---------------------------------------------------------------------------

Result<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database) {
  Status begun = database.query("BEGIN IMMEDIATE").run();
  if (!begun) return failure(std::move(begun.error()));
  return SqliteTransaction(database);
}

// After some failures SQLite has rolled back already, and has nothing to roll back here.
SqliteTransaction::~SqliteTransaction() {
  if (database_ != nullptr) static_cast<void>(database_->query("ROLLBACK").run());
}

Status SqliteTransaction::commit() {
  Status committed = database_->query("COMMIT").run();
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace penstock::store
