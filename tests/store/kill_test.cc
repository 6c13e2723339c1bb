// `kill -9` while the store writes: what was acknowledged is there, and nothing stays reserved.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <iostream>
#include <random>
#include <set>
#include <vector>

#include "core/clock.h"
#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::charged_row;
using testing::entry_of;
using testing::key_named;
using testing::kNoon;
using testing::seconds;
using testing::spent_of_day;

constexpr int kKills = 200;
constexpr int kKillsOfAFolder = 20;  // then a new one, as each check reads all of it
constexpr std::uint64_t kRowsTogether = 7;
constexpr std::int64_t kAmount = 3;
constexpr std::int64_t kReserved = 1'000'000'000;  // more than is ever used

// What the writer says that it has done, after it was done.
struct Acknowledged {
  enum class What : std::uint64_t { kRows, kKey, kCheckpoint } what = What::kRows;
  std::uint64_t number = 0;  // the last row; the key

  bool operator==(const Acknowledged&) const = default;
};

void acknowledge(int pipe, Acknowledged::What what, std::uint64_t number) {
  const Acknowledged told{what, number};
  // Whole, as it is small (pipe(7)).
  if (::write(pipe, &told, sizeof told) != sizeof told) ::_exit(2);
}

// The other process. It has one reservation at each checkpoint that no row ever settles.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, std::uint64_t first_key,
                                     int pipe) {
  Result<std::unique_ptr<SqliteStore>> opened = SqliteStore::open(folder);
  if (!opened) ::_exit(3);
  SqliteStore& store = **opened;
  std::uint64_t last = *store.last_sequence();
  for (std::uint64_t turn = 0;; ++turn) {
    std::vector<UsageRow> rows;
    for (std::uint64_t i = 0; i < kRowsTogether; ++i) {
      rows.push_back(charged_row(++last, kAmount, 0, kNoon + seconds(1)));
    }
    if (!store.append(rows)) ::_exit(4);
    acknowledge(pipe, Acknowledged::What::kRows, last);
    const std::uint64_t number = first_key + turn;
    Key key = key_named("key" + std::to_string(number), 0);
    std::memcpy(key.hash.data(), &number, sizeof number);
    if (!store.put(key, std::nullopt, entry_of("key.create"))) ::_exit(5);
    acknowledge(pipe, Acknowledged::What::kKey, number);
    const auto amount = static_cast<std::int64_t>(last) * kAmount;
    if (!store.checkpoint({{spent_of_day(amount, kReserved)}, last, kNoon})) ::_exit(6);
    acknowledge(pipe, Acknowledged::What::kCheckpoint, last);
  }
}

struct Written {
  std::uint64_t rows = 0;
  std::vector<std::uint64_t> keys;
  std::uint64_t next_key = 0;  // that no key has, acknowledged or not
  std::uint64_t checkpoints = 0;
};

class StoreThatIsKilled : public ::testing::Test {
 protected:
  // Lets a process write for a moment.
  void write_and_kill(const std::filesystem::path& folder, Written& written) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      ::close(pipe[0]);
      write_until_killed(folder, written.next_key, pipe[1]);
    }
    ::close(pipe[1]);
    // At any point of what it does: soon after some acknowledgement, in the middle of what follows.
    const std::uint64_t acknowledgements = random_.next() % 8;
    Acknowledged told;
    for (std::uint64_t i = 0; i < acknowledgements; ++i) {
      if (::read(pipe[0], &told, sizeof told) != sizeof told) break;
      take(told, written);
    }
    ::usleep(static_cast<useconds_t>(random_.next() % 4'000));
    ::kill(writer, SIGKILL);
    int status = 0;
    ::waitpid(writer, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed with status " << WEXITSTATUS(status);
    while (::read(pipe[0], &told, sizeof told) == sizeof told) take(told, written);
    ::close(pipe[0]);
    written.next_key += 1'000'000;
  }

  void check(const std::filesystem::path& folder, const Written& written) {
    Result<std::unique_ptr<SqliteStore>> opened = SqliteStore::open(folder);
    ASSERT_TRUE(opened) << opened.error().message;
    const std::uint64_t last = *(*opened)->last_sequence();
    EXPECT_GE(last, written.rows);
    const std::vector<UsageRow> rows = *(*opened)->usage({}, 1'000'000);
    EXPECT_EQ(rows.size(), last);  // none is missing in between
    const Snapshot snapshot = *(*opened)->load();
    std::set<Id> ids;
    for (const Key& each : snapshot.keys) ids.insert(each.owner.id);
    for (const std::uint64_t number : written.keys) {
      EXPECT_TRUE(ids.contains("key" + std::to_string(number))) << number;
    }
    if (last == 0) return;
    // Never less than the rows, and what was reserved once: the process has ended.
    ASSERT_EQ(snapshot.spent.size(), 1U);
    EXPECT_EQ(snapshot.spent[0].reserved, 0);
    const auto used = static_cast<std::int64_t>(last) * kAmount;
    const bool has_checkpoint = snapshot.spent[0].amount >= kReserved;
    EXPECT_EQ(snapshot.spent[0].amount, used + (has_checkpoint ? kReserved : 0));
    EXPECT_TRUE(has_checkpoint || written.checkpoints == 0);
  }

  static void take(const Acknowledged& told, Written& written) {
    if (told.what == Acknowledged::What::kRows) written.rows = told.number;
    if (told.what == Acknowledged::What::kKey) written.keys.push_back(told.number);
    if (told.what == Acknowledged::What::kCheckpoint) ++written.checkpoints;
  }

  const std::uint64_t seed_ = std::random_device{}();
  SeededRandom random_{seed_};
};

void expect_integrity(const std::filesystem::path& folder) {
  for (const auto& each : std::filesystem::directory_iterator(folder)) {
    if (each.path().extension() != ".db") continue;
    Result<SqliteDatabase> database = SqliteDatabase::open(each.path(), {});
    ASSERT_TRUE(database);
    SqliteQuery query = database->query("PRAGMA integrity_check");
    ASSERT_TRUE(*query.next());
    EXPECT_EQ(query.text(), "ok") << each.path();
  }
}

// Case 49 of the design.
TEST_F(StoreThatIsKilled, HasAllThatWasAcknowledgedAndNothingReserved) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  std::uint64_t rows = 0;
  std::size_t keys = 0;
  for (int folders = 0; folders < kKills / kKillsOfAFolder; ++folders) {
    const testing::TempDirectory directory;
    const std::filesystem::path folder = directory.path_of("store");
    Written written;
    for (int kills = 0; kills < kKillsOfAFolder; ++kills) {
      ASSERT_NO_FATAL_FAILURE(write_and_kill(folder, written));
      ASSERT_NO_FATAL_FAILURE(check(folder, written));
      ASSERT_NO_FATAL_FAILURE(expect_integrity(folder));
      ASSERT_FALSE(HasFailure());
    }
    rows += written.rows;
    keys += written.keys.size();
  }
  // A writer that is always killed at its start would show nothing.
  EXPECT_GT(rows, 200U);
  EXPECT_GT(keys, 50U);
  std::cout << kKills << " kills, " << rows << " rows and " << keys << " keys acknowledged\n";
}

}  // namespace
}  // namespace penstock::store
