#pragma once

// SqliteDatabase: one connection to one SQLite file, as errors that are values.
//
//   Status kept = database.query("UPDATE owner SET name = ?1 WHERE id = ?2").bind(name, id).run();
//
// Values reach SQL through bind() only, and the SQL is a constant of the program. Statements are
// prepared once for each connection. A connection and what came from it belong to one thread at a
// time. What fails is kStoreUnavailable, with the file and SQLite's words; kConflict if a value
// must be unique and is not; kNotFound if a record refers to another one that is not there.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/clock.h"
#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace penstock::store {

struct SqliteConnection;

// One run of a statement. Must not outlive its database. What fails before a step, a wrong
// statement for example, is told by the step.
class SqliteQuery {
 public:
  SqliteQuery(SqliteQuery&& other) noexcept;
  SqliteQuery& operator=(SqliteQuery&&) = delete;
  // The statement can be used again.
  ~SqliteQuery();

  // The values of the next parameters, which are copied. An optional without a value is NULL.
  template <class... Values>
  SqliteQuery& bind(const Values&... values) {
    (bind_any(values), ...);
    return *this;
  }

  // Whether there is another row; its columns are read next.
  Result<bool> next();
  // Calls `take` for each row, whose columns it reads. It returns nothing, or a Status: its first
  // failure is the last call.
  template <class Take>
  Status each_row(Take take) {
    for (;;) {
      Result<bool> more = next();
      if (!more) return failure(std::move(more.error()));
      if (!*more) return {};
      if constexpr (std::is_void_v<std::invoke_result_t<Take&>>) {
        take();
      } else {
        Status taken = take();
        if (!taken) return taken;
      }
    }
  }
  // To the end, without looking at rows.
  Status run();

  // The columns of the row, from the first on, each once and in order.
  std::int64_t integer();
  std::string text();
  // A view into the row, until the next step.
  std::span<const unsigned char> bytes();
  bool boolean() { return integer() != 0; }
  WallTime time();
  std::optional<std::int64_t> optional_integer();
  std::optional<std::string> optional_text();
  std::optional<WallTime> optional_time();
  // Passes over a column.
  void skip() { ++column_; }
  // Whether the next column is NULL.
  bool is_null() const;

 private:
  friend class SqliteDatabase;
  SqliteQuery(SqliteConnection& connection, std::string_view sql);

  template <class Value>
  void bind_any(const Value& value) {
    if constexpr (std::is_same_v<Value, WallTime>) {
      bind_time(value);
    } else if constexpr (std::is_integral_v<Value>) {
      bind_integer(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      bind_text(value);
    } else if constexpr (std::is_convertible_v<const Value&, std::span<const unsigned char>>) {
      bind_bytes(value);
    } else if (value) {
      bind_any(*value);
    } else {
      bind_null();
    }
  }
  void bind_integer(std::int64_t value);
  void bind_text(std::string_view value);
  void bind_bytes(std::span<const unsigned char> value);
  void bind_time(WallTime value);
  void bind_null();
  void keep(int code);

  SqliteConnection* connection_;
  sqlite3_stmt* statement_ = nullptr;
  bool is_kept_ = false;         // among the connection's statements; else this object's own
  std::optional<Error> failed_;  // the first failure
  int parameter_ = 0;
  int column_ = 0;
};

class SqliteDatabase {
 public:
  enum class Durability : std::uint8_t {
    kFull,    // a commit is on the disk when it returns
    kNormal,  // a failure of power may undo the last commits; the end of the process may not
  };
  enum class Access : std::uint8_t {
    kCreate,  // to write; made if it is missing, with mode 0600
    kWrite,
    kRead,
  };
  struct Options {
    Durability durability = Durability::kFull;
    Access access = Access::kCreate;
    // How long a lock of another connection is waited for.
    std::chrono::milliseconds patience{5'000};
  };

  static Result<SqliteDatabase> open(const std::filesystem::path& file, const Options& options);
  SqliteDatabase(SqliteDatabase&&) noexcept;
  SqliteDatabase& operator=(SqliteDatabase&&) noexcept;
  ~SqliteDatabase();

  // `sql` is a constant of the program.
  SqliteQuery query(std::string_view sql);
  // Statements without values, one after the other: a schema, a pragma.
  Status execute(const std::string& sql);
  // How many rows the last statement has changed.
  std::int64_t changes() const;

  // Ends every query that takes longer from now on, as kStoreUnavailable; nullopt: none.
  void limit_queries(std::optional<std::chrono::milliseconds> time);
  // A whole copy as a new file, with mode 0600, while others read and write. Fails if the file
  // exists.
  Status back_up(const std::filesystem::path& copy);

  const std::filesystem::path& file() const;

 private:
  explicit SqliteDatabase(std::unique_ptr<SqliteConnection> connection);

  std::unique_ptr<SqliteConnection> connection_;
};

// From its beginning on, everything that the database does is one change, which is undone unless
// commit() succeeds.
class SqliteTransaction {
 public:
  // Waits for other writers, and then has none beside it.
  static Result<SqliteTransaction> begin(SqliteDatabase& database);
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  Status commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}

  SqliteDatabase* database_;  // null: it has ended
};

}  // namespace penstock::store
