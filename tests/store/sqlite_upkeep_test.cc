#include "store/sqlite_upkeep.h"

#include <sys/stat.h>

#include <fstream>
#include <vector>

#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::entry_of;
using testing::key_named;
using testing::row_of;

class StoreUpkeep : public testing::StoreTest {
 protected:
  StoreUpkeep() {
    EXPECT_TRUE(store().put(key_named("key", 1), std::nullopt, entry_of("key.create")));
    EXPECT_TRUE(store().append(std::vector<UsageRow>{row_of(1)}));
  }
};

TEST_F(StoreUpkeep, FindsNothingWrongWithAStoreThatIsInUse) {
  const Result<std::vector<StoreFile>> files = check_store(folder());
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].name, "penstock.db");
  EXPECT_EQ((*files)[1].name, "usage-2026-01-31.db");
  for (const StoreFile& each : *files) {
    EXPECT_EQ(each.schema, 1);
    EXPECT_EQ(each.problems, std::vector<std::string>{}) << each.name;
  }
}

TEST_F(StoreUpkeep, FindsWhatIsDamagedAndLooksAtTheRest) {
  store_.reset();
  std::ofstream(folder() / "penstock.db") << std::string(8'192, 'x');
  const Result<std::vector<StoreFile>> files = check_store(folder());
  ASSERT_TRUE(files);
  ASSERT_EQ((*files)[0].problems.size(), 1U);
  EXPECT_TRUE((*files)[0].problems[0].ends_with("file is not a database"));
  EXPECT_EQ((*files)[1].problems, std::vector<std::string>{});
}

TEST_F(StoreUpkeep, CopiesAStoreThatIsInUseAndNeverOverAnother) {
  const std::filesystem::path copy = directory_.path_of("copy");
  const Status copied = back_up_store(folder(), copy);
  ASSERT_TRUE(copied) << copied.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(copy.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  const Result<std::unique_ptr<SqliteStore>> opened = SqliteStore::open(copy);
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->load()->keys.size(), 1U);
  EXPECT_EQ((*opened)->usage({}, 9)->size(), 1U);
  EXPECT_FALSE(back_up_store(folder(), copy));
}

TEST_F(StoreUpkeep, MigratesOnlyWhatNoServerUses) {
  EXPECT_FALSE(migrate_store(folder()));
  store_.reset();
  EXPECT_TRUE(migrate_store(folder()));
}

TEST_F(StoreUpkeep, MakesNoStoreWhereThereIsNone) {
  const std::filesystem::path nowhere = directory_.path_of("nowhere");
  for (const Status& done : {migrate_store(nowhere), back_up_store(nowhere, folder() / "copy")}) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message,
              "the folder " + nowhere.string() + ": it has no store: there is no file penstock.db");
  }
  EXPECT_FALSE(check_store(nowhere));
  EXPECT_FALSE(std::filesystem::exists(nowhere));
}

}  // namespace
}  // namespace penstock::store
