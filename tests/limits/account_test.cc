// What keys may use.

#include "limits/account.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace penstock::limits {
namespace {

config::ApiKey key_with(std::uint32_t requests_per_minute, std::uint32_t concurrency,
                        const char* name = "ci") {
  config::ApiKey key;
  key.name = name;
  key.requests_per_minute = requests_per_minute;
  key.concurrency = concurrency;
  return key;
}

class AccountTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const Account> account_of(const config::ApiKey& key,
                                                   const Accounts& earlier = {}) {
    return accounts_of({key}, earlier).front();
  }

  FakeClock clock;
};

TEST_F(AccountTest, IsThereOnlyForKeysWithLimits) {
  EXPECT_EQ(account_of(key_with(0, 0)), nullptr);
  EXPECT_NE(account_of(key_with(1, 0)), nullptr);
  EXPECT_NE(account_of(key_with(0, 1)), nullptr);
}

// limits.md case 6
TEST_F(AccountTest, LetsNoMoreRequestsBeOpenThanItsConcurrency) {
  const auto account = account_of(key_with(0, 4));
  std::vector<OpenRequest> open;
  for (int i = 0; i < 4; ++i) {
    auto admitted = account->admit(clock.steady());
    ASSERT_TRUE(admitted.has_value());
    open.push_back(std::move(*admitted));
  }
  const auto fifth = account->admit(clock.steady());
  ASSERT_FALSE(fifth.has_value());
  EXPECT_EQ(fifth.error().by, Refusal::By::kConcurrency);
  EXPECT_EQ(fifth.error().limit, 4);
  open.pop_back();
  EXPECT_TRUE(account->admit(clock.steady()).has_value());
}

// limits.md case 9
TEST_F(AccountTest, ChargesNothingForWhatItRefuses) {
  const auto account = account_of(key_with(2, 1));
  {
    const auto open = account->admit(clock.steady());
    ASSERT_TRUE(open.has_value());
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(account->admit(clock.steady()).has_value());
  }
  EXPECT_EQ(account->requests(clock.steady()).remaining, 1);
  EXPECT_TRUE(account->admit(clock.steady()).has_value());
  const auto refused = account->admit(clock.steady());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().by, Refusal::By::kRequests);
  EXPECT_EQ(refused.error().wait, std::chrono::seconds(30));
  clock.advance(std::chrono::seconds(30));
  EXPECT_TRUE(account->admit(clock.steady()).has_value()) << "a refused request is still open";
}

TEST_F(AccountTest, TakesBackARequestThatWentToNobody) {
  const auto account = account_of(key_with(1, 0));
  auto first = account->admit(clock.steady());
  ASSERT_TRUE(first.has_value());
  first->give_back(clock.steady());
  EXPECT_TRUE(account->admit(clock.steady()).has_value());
  EXPECT_FALSE(account->admit(clock.steady()).has_value());
}

TEST_F(AccountTest, RemembersAcrossConfigurationsWhatAKeyOfTheNameHasUsed) {
  const Accounts before = accounts_of({key_with(2, 0), key_with(2, 0, "other")}, {});
  EXPECT_TRUE(before[0]->admit(clock.steady()).has_value());
  const Accounts after = accounts_of({key_with(0, 0, "new"), key_with(2, 0)}, before);
  EXPECT_EQ(after[1]->requests(clock.steady()).remaining, 1);
  const Accounts last = accounts_of({key_with(2, 0, "third")}, after);
  EXPECT_EQ(last[0]->requests(clock.steady()).remaining, 2);
}

// limits.md case 1
TEST_F(AccountTest, LetsExactlyAsManyPassAsMayWhenManyThreadsAskAtOnce) {
  const auto account = account_of(key_with(100, 0));
  std::atomic<int> passed{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 125; ++j) {
        if (account->admit(clock.steady())) ++passed;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(passed, 100);
  EXPECT_EQ(account->usage()->open, 0u);
}

}  // namespace
}  // namespace penstock::limits
