#include "store/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <optional>
#include <string>

#include "store/sqlite_schema.h"
#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::TempDirectory;

SqliteDatabase opened(const std::string& file, const SqliteDatabase::Options& options = {}) {
  Result<SqliteDatabase> database = SqliteDatabase::open(file, options);
  if (!database) throw std::runtime_error(database.error().message);
  return std::move(*database);
}

std::int64_t number_of(SqliteDatabase& database, std::string_view sql) {
  SqliteQuery query = database.query(sql);
  const Result<bool> found = query.next();
  return found && *found ? query.integer() : -1;
}

mode_t mode_of(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return 0;
  return status.st_mode & 0777;
}

TEST(SqliteDatabase, GivesBackWhatIsBound) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  SqliteQuery query = database.query("SELECT ?1, ?2, ?3, ?4, ?5");
  const std::string text("a\0'\xff", 4);
  const std::array<unsigned char, 3> bytes = {0, 1, 255};
  query.bind(text, bytes, WallTime{testing::milliseconds(-5)}, std::optional<std::string>(), "");
  ASSERT_TRUE(*query.next());
  EXPECT_EQ(query.text(), text);
  const std::span<const unsigned char> found = query.bytes();
  EXPECT_TRUE(std::equal(found.begin(), found.end(), bytes.begin(), bytes.end()));
  EXPECT_EQ(query.time(), WallTime{testing::milliseconds(-5)});
  EXPECT_EQ(query.optional_text(), std::nullopt);
  EXPECT_EQ(query.optional_text(), "");
  EXPECT_FALSE(*query.next());
}

TEST(SqliteDatabase, IsAFileOfItsOwnerOnly) {
  const TempDirectory directory;
  const std::string file = directory.path_of("a.db");
  SqliteDatabase database = opened(file);
  ASSERT_TRUE(database.execute("CREATE TABLE a(b)"));
  EXPECT_EQ(mode_of(file), 0600U);
  EXPECT_EQ(mode_of(file + "-wal"), 0600U);
}

TEST(SqliteDatabase, TellsTheFileAndTheCauseOfAFailure) {
  const TempDirectory directory;
  const std::string file = directory.write("a.db", std::string(4'096, 'x'));
  const Result<SqliteDatabase> database = SqliteDatabase::open(file, {});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::kStoreUnavailable);
  EXPECT_EQ(database.error().message, "the store's file " + file + ": file is not a database");
  const Result<SqliteDatabase> nowhere = SqliteDatabase::open(file + "/none", {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().message, "the store's file " + file + "/none: Not a directory");
}

TEST(SqliteDatabase, TellsOfAWrongStatementWhenItRuns) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  const Status done = database.query("SELECT a FROM nowhere WHERE a = ?1").bind(1).run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "the store's file " + database.file().string() + ": no such table: nowhere");
}

TEST(SqliteDatabase, MayRunAStatementWithinItself) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  ASSERT_TRUE(database.execute("CREATE TABLE a(b); INSERT INTO a VALUES(1), (2)"));
  SqliteQuery outer = database.query("SELECT b FROM a");
  ASSERT_TRUE(*outer.next());
  EXPECT_EQ(number_of(database, "SELECT b FROM a"), 1);
  ASSERT_TRUE(*outer.next());
  EXPECT_EQ(outer.integer(), 2);
}

TEST(SqliteTransaction, UndoesWhatIsNotCommitted) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  ASSERT_TRUE(database.execute("CREATE TABLE a(b)"));
  {
    const Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.query("INSERT INTO a VALUES(?1)").bind(1).run());
  }
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM a"), 0);
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(database.query("INSERT INTO a VALUES(?1)").bind(1).run());
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM a"), 1);
}

TEST(SqliteTransaction, WaitsForAnotherWriterNoLongerThanItsPatience) {
  const TempDirectory directory;
  const std::string file = directory.path_of("a.db");
  SqliteDatabase first = opened(file);
  SqliteDatabase second = opened(file, {.patience = testing::milliseconds(1)});
  const Result<SqliteTransaction> writing = SqliteTransaction::begin(first);
  ASSERT_TRUE(writing);
  const Result<SqliteTransaction> refused = SqliteTransaction::begin(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the store's file " + file + ": database is locked");
}

TEST(SqliteDatabase, EndsAQueryThatTakesTooLong) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  database.limit_queries(testing::milliseconds(1));
  const std::string_view endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  const Status ended = database.query(endless).run();
  ASSERT_FALSE(ended);
  EXPECT_TRUE(ended.error().message.ends_with("takes too long: ask for less at once"));
  database.limit_queries(std::nullopt);
  EXPECT_EQ(number_of(database, "SELECT 7"), 7);
}

TEST(SqliteDatabase, IsBackedUpWholeAndNeverOverAFile) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  ASSERT_TRUE(database.execute("CREATE TABLE a(b); INSERT INTO a VALUES(7)"));
  const std::string copy = directory.path_of("copy.db");
  ASSERT_TRUE(database.back_up(copy));
  EXPECT_EQ(mode_of(copy), 0600U);
  SqliteDatabase copied = opened(copy, {.access = SqliteDatabase::Access::kRead});
  EXPECT_EQ(number_of(copied, "SELECT b FROM a"), 7);
  EXPECT_FALSE(database.back_up(copy));
}

constexpr const char* kFirst[] = {"CREATE TABLE a(b)", "INSERT INTO a VALUES(7)"};
constexpr const char* kSecond[] = {"ALTER TABLE a ADD COLUMN c DEFAULT 8"};
constexpr const char* kBroken[] = {"ALTER TABLE a ADD COLUMN c; SELECT nothing"};
constexpr SqliteSchema::Migration kTwoMigrations[] = {kFirst, kSecond};
constexpr SqliteSchema::Migration kBrokenMigrations[] = {kFirst, kBroken};

SqliteSchema first_of_two() {
  return {.migrations = std::span(kTwoMigrations).first(1)};
}

// Case 53 of the design, as the next five.
TEST(SqliteSchema, BringsAFileOfThePreviousOneUpToDate) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  ASSERT_TRUE(migrate(database, first_of_two()));
  ASSERT_TRUE(migrate(database, {.migrations = kTwoMigrations}));
  EXPECT_EQ(*version_of(database), 2);
  EXPECT_EQ(number_of(database, "SELECT b + c FROM a"), 15);
}

TEST(SqliteSchema, KeepsACopyOfTheFileBefore) {
  const TempDirectory directory;
  const std::string file = directory.path_of("a.db");
  SqliteDatabase database = opened(file);
  ASSERT_TRUE(migrate(database, first_of_two()));
  EXPECT_FALSE(std::filesystem::exists(file + ".version-0"));
  ASSERT_TRUE(migrate(database, {.migrations = kTwoMigrations}));
  SqliteDatabase copy = opened(file + ".version-1");
  EXPECT_EQ(*version_of(copy), 1);
  EXPECT_EQ(number_of(copy, "SELECT b FROM a"), 7);
}

TEST(SqliteSchema, LeavesAFileAsItWasWhenAMigrationFails) {
  const TempDirectory directory;
  SqliteDatabase database = opened(directory.path_of("a.db"));
  ASSERT_TRUE(migrate(database, first_of_two()));
  EXPECT_FALSE(migrate(database, {.migrations = kBrokenMigrations}));
  EXPECT_EQ(*version_of(database), 1);
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM pragma_table_info('a')"), 1);
  // And can try again.
  EXPECT_TRUE(migrate(database, {.migrations = kTwoMigrations}));
}

TEST(SqliteSchema, RefusesANewerFile) {
  const TempDirectory directory;
  const std::string file = directory.path_of("a.db");
  SqliteDatabase database = opened(file);
  ASSERT_TRUE(migrate(database, {.migrations = kTwoMigrations}));
  const Status refused = migrate(database, first_of_two());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kStoreUnavailable);
  EXPECT_EQ(refused.error().message,
            "the store's file " + file +
                " has schema 2, and this Penstock knows schemas up to 1: run the newer Penstock "
                "that wrote it, or go back to a copy of before");
  EXPECT_EQ(*version_of(database), 2);
}

class StoreFolder : public testing::StoreTest {};

TEST_F(StoreFolder, OfANewerPenstockIsRefused) {
  store_.reset();
  {
    SqliteDatabase database = opened(SqliteStore::main_file(folder()));
    ASSERT_TRUE(database.execute("PRAGMA user_version = 99"));
  }
  const Result<std::unique_ptr<SqliteStore>> refused = SqliteStore::open(folder());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("has schema 99"));
}

TEST_F(StoreFolder, IsOfItsOwnerOnly) {
  EXPECT_EQ(mode_of(folder()), 0700U);
  EXPECT_EQ(mode_of(SqliteStore::main_file(folder())), 0600U);
}

TEST_F(StoreFolder, HasOneProcessAtATime) {
  const Result<std::unique_ptr<SqliteStore>> second = SqliteStore::open(folder());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "the store's folder " + folder().string() +
                                        ": another process uses it: stop that, or give this one "
                                        "a folder of its own");
}

}  // namespace
}  // namespace penstock::store
