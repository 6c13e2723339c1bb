#include "store/keeper.h"

#include <atomic>
#include <thread>

#include "net/epoll_poller.h"
#include "net/task_group.h"
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

// What the store of a test does, from outside of its thread.
struct Switches {
  std::atomic<bool> fails_to_open{false};
  std::atomic<bool> fails_to_append{false};

  // While it is closed, append() waits within it, as if the disk did.
  void close_gate() { gate_closed = true; }
  void open_gate() {
    gate_closed = false;
    gate_closed.notify_all();
  }
  std::atomic<bool> gate_closed{false};
};

// A real store whose usage can be made to fail or to wait.
class SwitchedStore final : public Store {
 public:
  SwitchedStore(std::unique_ptr<Store> store, Switches& switches)
      : store_(std::move(store)), switches_(switches) {}

  Result<Snapshot> load() override { return store_->load(); }
  Status put(const Owner& owner, std::optional<std::uint64_t> expected,
             const AuditEntry& entry) override {
    return store_->put(owner, expected, entry);
  }
  Status put(const Key& key, std::optional<std::uint64_t> expected,
             const AuditEntry& entry) override {
    return store_->put(key, expected, entry);
  }
  Status remove(const Id& owner, const AuditEntry& entry) override {
    return store_->remove(owner, entry);
  }
  Status touch(std::span<const std::pair<Id, WallTime>> used) override {
    return store_->touch(used);
  }
  Status checkpoint(const Checkpoint& given) override { return store_->checkpoint(given); }
  Status append(std::span<const UsageRow> rows) override {
    switches_.gate_closed.wait(true);
    if (switches_.fails_to_append) {
      return failure(Error::gateway(ErrorKind::kStoreUnavailable, "database or disk is full"));
    }
    return store_->append(rows);
  }
  Result<std::uint64_t> last_sequence() override { return store_->last_sequence(); }
  Result<std::vector<UsageRow>> usage(const UsageFilter& filter, std::size_t limit) override {
    return store_->usage(filter, limit);
  }
  Result<std::vector<UsageSum>> sums(const UsageFilter& filter,
                                     std::span<const UsageGroup> groups) override {
    return store_->sums(filter, groups);
  }
  Status expire(WallTime before, WallTime now) override { return store_->expire(before, now); }
  Status put(const Object& object) override { return store_->put(object); }
  Result<std::optional<Object>> object(std::string_view kind, std::string_view id) override {
    return store_->object(kind, id);
  }
  Result<std::vector<Object>> objects(const ObjectFilter& filter) override {
    return store_->objects(filter);
  }
  Result<bool> remove_object(std::string_view kind, std::string_view id) override {
    return store_->remove_object(kind, id);
  }
  Result<std::vector<AuditEntry>> audit(std::size_t offset, std::size_t limit) override {
    return store_->audit(offset, limit);
  }

 private:
  std::unique_ptr<Store> store_;
  Switches& switches_;
};

class StoreKeeper : public ::testing::Test {
 protected:
  StoreKeeper() { start(); }
  ~StoreKeeper() override {
    switches_.open_gate();
    switches_.fails_to_append = false;
  }

  std::filesystem::path folder() const { return directory_.path_of("store"); }

  void start(Keeper::Options options = quick()) {
    keeper_.reset();
    keeper_ = std::make_unique<Keeper>(
        [this]() -> Result<std::unique_ptr<Store>> {
          if (switches_.fails_to_open) {
            return failure(Error::gateway(ErrorKind::kStoreUnavailable, "no such disk"));
          }
          Result<std::unique_ptr<SqliteStore>> store = SqliteStore::open(folder());
          if (!store) return failure(std::move(store.error()));
          return std::make_unique<SwitchedStore>(std::move(*store), switches_);
        },
        options, nullptr);
  }

  static Keeper::Options quick() {
    Keeper::Options options;
    options.rows_interval = milliseconds(1);
    options.checkpoint_interval = milliseconds(1);
    options.first_retry = milliseconds(1);
    options.last_retry = milliseconds(2);
    return options;
  }

  void record(std::uint64_t rows) {
    std::vector<UsageRow> recorded;
    for (std::uint64_t i = 0; i < rows; ++i) recorded.push_back(row_of(0));
    keeper_->record(std::move(recorded));
  }

  // Until the counts are so.
  template <class Wanted>
  bool comes_to(Wanted wanted) {
    const auto until = testing::after(kPatience);
    while (!wanted(keeper_->counts())) {
      if (testing::Clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::size_t stored_rows() {
    const auto rows = keeper_->ask_and_wait([](Store& store) { return store.usage({}, 100'000); });
    return rows ? rows->size() : 0;
  }

  testing::TempDirectory directory_;
  Switches switches_;
  std::unique_ptr<Keeper> keeper_;
};

TEST_F(StoreKeeper, AnswersOnTheLoopThatAsks) {
  SystemClock clock;
  net::EpollPoller poller;
  net::EventLoop loop(clock, poller);
  std::optional<Result<Snapshot>> answer;
  std::optional<std::thread::id> thread;
  net::TaskGroup tasks(loop, [](std::string_view) {});
  const auto asking = [&]() -> Task<void> {
    auto put = [key = key_named("key", 1)](Store& store) {
      return store.put(key, std::nullopt, entry_of("key.create"));
    };
    const Status done = co_await keeper_->ask(loop, std::move(put));
    EXPECT_TRUE(done);
    auto load = [](Store& store) { return store.load(); };
    answer.emplace(co_await keeper_->ask(loop, std::move(load)));
    thread = std::this_thread::get_id();
    loop.stop();
  };
  tasks.spawn(asking());
  loop.run();
  ASSERT_TRUE(*answer);
  EXPECT_EQ((**answer).keys.size(), 1U);
  EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST_F(StoreKeeper, WritesRowsInTheOrderInWhichTheyWereRecorded) {
  record(3);
  start();
  record(2);
  keeper_.reset();
  start();
  const auto rows = keeper_->ask_and_wait([](Store& store) { return store.usage({}, 9); });
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 5U);
  EXPECT_EQ(rows->front().sequence, 5U);
  EXPECT_EQ(rows->back().sequence, 1U);
}

TEST_F(StoreKeeper, CountsWhatItHasWritten) {
  record(1'200);
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.rows_written == 1'200; }));
  EXPECT_EQ(keeper_->counts().rows_waiting, 0U);
  EXPECT_EQ(keeper_->counts().state, Keeper::State::kUsable);
  EXPECT_EQ(stored_rows(), 1'200U);
}

// Cases 50 and 51 of the design, as the next three: nothing that a request does waits for the disk.
TEST_F(StoreKeeper, DropsRowsAndCountsThemWhenTheDiskDoesNotAnswer) {
  Keeper::Options options = quick();
  options.rows_waiting_max = 10;
  start(options);
  switches_.close_gate();
  record(7);
  record(7);
  EXPECT_EQ(keeper_->counts().rows_dropped, 4U);
  EXPECT_EQ(keeper_->counts().rows_waiting, 10U);
  switches_.open_gate();
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.rows_written == 10; }));
}

TEST_F(StoreKeeper, TriesAgainWhatHasFailedAndLosesNothing) {
  switches_.fails_to_append = true;
  record(3);
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.failures >= 3; }));
  EXPECT_EQ(keeper_->counts().state, Keeper::State::kFailing);
  EXPECT_EQ(keeper_->counts().rows_waiting, 3U);
  EXPECT_EQ(keeper_->counts().last_failure, "database or disk is full");
  switches_.fails_to_append = false;
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.rows_written == 3; }));
  EXPECT_EQ(keeper_->counts().state, Keeper::State::kUsable);
  EXPECT_EQ(stored_rows(), 3U);
}

TEST_F(StoreKeeper, LetsKeysBeChangedWhileUsageCannotBeWritten) {
  switches_.fails_to_append = true;
  record(3);
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.failures > 0; }));
  EXPECT_TRUE(keeper_->ask_and_wait([](Store& store) {
    return store.put(key_named("key", 1), std::nullopt, entry_of("key.create"));
  }));
}

TEST_F(StoreKeeper, StartsWithoutItsStoreAndFindsItLater) {
  keeper_.reset();
  switches_.fails_to_open = true;
  start();
  record(2);
  const auto load = [](Store& store) { return store.load(); };
  const Result<Snapshot> refused = keeper_->ask_and_wait(load);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kStoreUnavailable);
  EXPECT_EQ(refused.error().message, "no such disk");
  switches_.fails_to_open = false;
  EXPECT_TRUE(comes_to([](const Keeper::Counts& counts) { return counts.rows_written == 2; }));
  EXPECT_TRUE(keeper_->ask_and_wait(load));
}

TEST_F(StoreKeeper, SavesWhatBudgetsHaveUsedAndOnlyIfItHasChanged) {
  std::atomic<int> asked = 0;
  std::atomic<std::int64_t> amount = 100;
  keeper_->set_spent([&] {
    ++asked;
    return std::vector<Spent>{spent_of_day(amount, 0)};
  });
  const auto until = [&](int times) {
    return comes_to([&](const Keeper::Counts&) { return asked >= times; });
  };
  EXPECT_TRUE(until(3));
  amount = 250;
  EXPECT_TRUE(until(asked + 2));
  keeper_->set_spent(nullptr);
  const auto snapshot = keeper_->ask_and_wait([](Store& store) { return store.load(); });
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->spent, std::vector<Spent>{spent_of_day(250, 0)});
}

TEST_F(StoreKeeper, WritesWhatWaitsAtItsEnd) {
  Keeper::Options options = quick();
  options.rows_interval = options.checkpoint_interval = std::chrono::hours(1);
  start(options);
  EXPECT_TRUE(keeper_->ask_and_wait([](Store& store) { return store.load(); }));
  keeper_->set_spent([] { return std::vector<Spent>{spent_of_day(7, 0)}; });
  record(1'000);
  start();
  EXPECT_EQ(stored_rows(), 1'000U);
  const auto snapshot = keeper_->ask_and_wait([](Store& store) { return store.load(); });
  EXPECT_EQ(snapshot->spent, std::vector<Spent>{spent_of_day(7, 0)});
}

TEST_F(StoreKeeper, EndsInTimeWhenTheDiskDoesNotAnswer) {
  Keeper::Options options = quick();
  options.end_time = milliseconds(20);
  start(options);
  switches_.close_gate();
  record(1);
  keeper_->set_spent([]() -> std::vector<Spent> { return {}; });
  const auto began = testing::Clock::now();
  keeper_.reset();
  EXPECT_LT(testing::Clock::now() - began, kPatience);
  // The thread goes on to its end, which the next keeper's lock shows.
  switches_.open_gate();
  start();
  EXPECT_TRUE(comes_to(
      [](const Keeper::Counts& counts) { return counts.state == Keeper::State::kUsable; }));
}

TEST_F(StoreKeeper, RefusesMoreQuestionsThanMayWait) {
  Keeper::Options options = quick();
  options.questions_waiting_max = 1;
  options.answer_time = milliseconds(1);
  start(options);
  const auto load = [](Store& store) { return store.load(); };
  // One is being answered; another one waits.
  std::atomic<bool> is_held = true;
  std::atomic<bool> is_asked = false;
  const Status late = keeper_->ask_and_wait([&](Store&) -> Status {
    is_asked = true;
    is_asked.notify_all();
    is_held.wait(true);
    return {};
  });
  is_asked.wait(false);
  EXPECT_EQ(late.error().kind, ErrorKind::kStoreUnavailable);
  EXPECT_EQ(keeper_->ask_and_wait(load).error().kind, ErrorKind::kStoreUnavailable);
  EXPECT_EQ(keeper_->ask_and_wait(load).error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(keeper_->counts().questions_refused, 1U);
  is_held = false;
  is_held.notify_all();
  keeper_.reset();
}

}  // namespace
}  // namespace penstock::store
