// `penstock store`: its output and its status.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "app/command.h"
#include "store/sqlite_store.h"
#include "support/temp_directory.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

class StoreCommand : public ::testing::Test {
 protected:
  StoreCommand() { EXPECT_TRUE(store::SqliteStore::open(folder_)); }

  TempDirectory directory_;
  const std::string folder_ = directory_.path_of("store");
  const std::string copy_ = directory_.path_of("copy");
};

TEST_F(StoreCommand, ChecksEveryFile) {
  const CommandOutcome sound = run_command({"store", "check", folder_});
  EXPECT_EQ(sound.status, 0);
  EXPECT_EQ(sound.out, "ok    penstock.db (schema 1)\n");
  directory_.write("store/penstock.db", std::string(8'192, 'x'));
  const CommandOutcome damaged = run_command({"store", "check", folder_});
  EXPECT_EQ(damaged.status, 1);
  EXPECT_THAT(damaged.out, HasSubstr("fail  penstock.db (schema 0)\n"));
  EXPECT_THAT(damaged.out, HasSubstr("file is not a database\n"));
}

TEST_F(StoreCommand, MakesACopyThatIsAStore) {
  EXPECT_EQ(run_command({"store", "backup", folder_, copy_}).out, "copied to " + copy_ + "\n");
  EXPECT_EQ(run_command({"store", "check", copy_}).status, 0);
  EXPECT_EQ(run_command({"store", "backup", folder_, copy_}).status, 1);
}

TEST_F(StoreCommand, MigratesWhatNoServerUses) {
  EXPECT_EQ(run_command({"store", "migrate", folder_}).status, 0);
  const auto server = store::SqliteStore::open(folder_);
  const CommandOutcome refused = run_command({"store", "migrate", folder_});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("another process uses it"));
}

TEST_F(StoreCommand, RefusesMistakesWithStatusTwo) {
  EXPECT_EQ(run_command({"store", "backup", folder_}).status, 2);
  EXPECT_EQ(run_command({"store", "check", folder_, copy_}).status, 2);
  EXPECT_EQ(run_command({"store", "chek", folder_}).status, 2);
  EXPECT_EQ(run_command({"store", "check"}).status, 2);
  EXPECT_EQ(run_command({"store", "check", copy_}).status, 1);
}

}  // namespace
}  // namespace penstock::testing
