// What the store does when the disk, or somebody who reads its files, stands in its way.

#include <signal.h>
#include <sys/resource.h>

#include <memory>
#include <thread>
#include <vector>

#include "store/keeper.h"
#include "store/store_test.h"
#include "support/patience.h"

namespace penstock::store {
namespace {

using testing::entry_of;
using testing::key_named;
using testing::kNoon;
using testing::kPatience;
using testing::milliseconds;
using testing::row_of;
using testing::spent_of_day;

// While it exists, no file of this process grows beyond that: as if the disk were full, for any
// user. The kernel would also end the process by a signal.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit full{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  sighandler_t handler_;
  rlimit before_{};
};

class StoreOnABadDisk : public testing::StoreTest {
 protected:
  std::vector<UsageRow> rows(std::uint64_t first, std::uint64_t count) {
    std::vector<UsageRow> rows;
    for (std::uint64_t i = 0; i < count; ++i) rows.push_back(row_of(first + i));
    return rows;
  }
};

// Case 50 of the design, as the next one.
TEST_F(StoreOnABadDisk, LosesNothingThatWasAcknowledgedAndGoesOnWhenThereIsSpace) {
  ASSERT_TRUE(store().append(rows(1, 10)));
  ASSERT_TRUE(store().put(key_named("key", 1), std::nullopt, entry_of("key.create")));
  {
    const FullDisk full(4'096);
    const Status appended = store().append(rows(11, 500));
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().kind, ErrorKind::kStoreUnavailable);
    const Status put = store().put(key_named("other", 2), std::nullopt, entry_of("key.create"));
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind, ErrorKind::kStoreUnavailable);
    EXPECT_FALSE(store().checkpoint({{spent_of_day(1, 1)}, 10, kNoon}));
    // What is there can be read.
    EXPECT_EQ(loaded().keys.size(), 1U);
  }
  ASSERT_TRUE(store().append(rows(11, 500)));
  ASSERT_TRUE(store().put(key_named("other", 2), std::nullopt, entry_of("key.create")));
  open();
  EXPECT_EQ(store().usage({}, 1'000)->size(), 510U);
  EXPECT_EQ(store().sums({}, {})->at(0).requests, 510);
  EXPECT_EQ(loaded().keys.size(), 2U);
}

TEST_F(StoreOnABadDisk, KeepsRowsForLaterAndDropsWhatFindsNoRoom) {
  store_.reset();
  Keeper::Options options;
  options.rows_waiting_max = 700;
  options.rows_interval = options.first_retry = options.last_retry = milliseconds(1);
  Keeper keeper([this] { return SqliteStore::open(folder()); }, options, nullptr);
  ASSERT_TRUE(keeper.ask_and_wait([](Store& store) { return store.load(); }));
  const auto comes_to = [&](auto wanted) {
    const auto until = testing::after(kPatience);
    while (!wanted(keeper.counts()) && testing::Clock::now() < until) std::this_thread::yield();
    return wanted(keeper.counts());
  };
  {
    const FullDisk full(4'096);
    keeper.record(rows(0, 1'000));
    EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.failures > 0; }));
    EXPECT_EQ(keeper.counts().rows_dropped, 300U);
    EXPECT_EQ(keeper.counts().rows_waiting, 700U);
  }
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.rows_written == 700; }));
  EXPECT_TRUE(keeper.ask_and_wait([](Store& store) {
    return store.put(key_named("key", 1), std::nullopt, entry_of("key.create"));
  }));
}

// Case 51 of the design: a reader holds its snapshot, and the writer goes on beside it.
TEST_F(StoreOnABadDisk, WritesWhileSomebodyReads) {
  ASSERT_TRUE(store().append(rows(1, 1)));
  std::vector<SqliteDatabase> readers;
  for (const char* name : {"penstock.db", "usage-2026-01-31.db"}) {
    Result<SqliteDatabase> reader =
        SqliteDatabase::open(folder() / name, {.access = SqliteDatabase::Access::kRead});
    ASSERT_TRUE(reader);
    ASSERT_TRUE(reader->execute("BEGIN; SELECT * FROM usage_hour"));
    readers.push_back(std::move(*reader));
  }
  const auto began = testing::Clock::now();
  EXPECT_TRUE(store().append(rows(2, 100)));
  EXPECT_TRUE(store().put(key_named("key", 1), std::nullopt, entry_of("key.create")));
  // Far less than the store would wait for a lock.
  EXPECT_LT(testing::Clock::now() - began, SqliteDatabase::Options().patience);
}

// Somebody who writes with another program.
TEST_F(StoreOnABadDisk, WaitsForAnotherWriterOfItsFile) {
  Result<SqliteDatabase> other =
      SqliteDatabase::open(SqliteStore::main_file(folder()), {.patience = milliseconds(1)});
  ASSERT_TRUE(other);
  std::optional<Result<SqliteTransaction>> writing = SqliteTransaction::begin(*other);
  ASSERT_TRUE(*writing);
  std::thread waiting(
      [&] { EXPECT_TRUE(store().put(key_named("key", 1), std::nullopt, entry_of("key.create"))); });
  writing.reset();
  waiting.join();
  EXPECT_EQ(loaded().keys.size(), 1U);
}

}  // namespace
}  // namespace penstock::store
