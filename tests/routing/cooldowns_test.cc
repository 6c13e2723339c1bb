#include "routing/cooldowns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/clock.h"

namespace penstock::routing {
namespace {

using Kind = FailureRule::Cooldown;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class CooldownsTest : public testing::Test {
 protected:
  SteadyTime now() const { return clock_.steady(); }
  // An attempt that begins now and fails at once.
  nanoseconds fail(Kind kind, std::optional<nanoseconds> told = std::nullopt) {
    cooldowns_.failed(kind, told, now(), now(), rules_);
    return words_.end() - now();
  }

  config::CooldownRules rules_;
  FakeClock clock_;
  CooldownWords words_;
  Cooldowns cooldowns_{words_};
};

// 22
TEST_F(CooldownsTest, AreExtendedAndNeverShortened) {
  EXPECT_EQ(fail(Kind::kTold, seconds{2}), seconds{2});
  EXPECT_EQ(fail(Kind::kTold, seconds{1}), seconds{2});
  EXPECT_EQ(fail(Kind::kTold, seconds{3}), seconds{3});
}

// 23
TEST_F(CooldownsTest, DoubleInARowWhereNothingIsTold) {
  for (const int expected : {5, 10, 20, 40, 80, 160, 320, 600, 600}) {
    clock_.advance(hours{1});
    EXPECT_EQ(fail(Kind::kTold), seconds{expected});
  }
}

TEST_F(CooldownsTest, BeginTheirRowAgainAfterASuccess) {
  EXPECT_EQ(fail(Kind::kTold), seconds{5});
  clock_.advance(seconds{5});
  cooldowns_.succeeded(now());
  EXPECT_EQ(fail(Kind::kTold), seconds{5});
}

TEST_F(CooldownsTest, CountRequestsThatWereUnderWayTogetherAsOne) {
  const SteadyTime begun = now();
  clock_.advance(milliseconds{10});
  for (int i = 0; i < 100; ++i) {
    cooldowns_.failed(Kind::kTold, std::nullopt, begun, now(), rules_);
  }
  EXPECT_EQ(words_.end(), now() + seconds{5});
  // Nor does a success of one of these end the row.
  cooldowns_.succeeded(begun);
  clock_.advance(seconds{5});
  EXPECT_EQ(fail(Kind::kTold), seconds{10});
}

TEST_F(CooldownsTest, FollowTheRuleOfTheirKind) {
  EXPECT_EQ(fail(Kind::kNone), -now().time_since_epoch());
  EXPECT_EQ(fail(Kind::kIfTold), -now().time_since_epoch());
  EXPECT_EQ(fail(Kind::kIfTold, seconds{1}), seconds{1});
  EXPECT_EQ(fail(Kind::kModel), seconds{60});
  clock_.advance(hours{1});
  EXPECT_EQ(fail(Kind::kCredential), seconds{60});
  EXPECT_EQ(fail(Kind::kQuota, seconds{1}), minutes{10});
}

// 21
TEST_F(CooldownsTest, StayWithinTheirLimits) {
  EXPECT_EQ(fail(Kind::kTold, nanoseconds{-1}), milliseconds{100});
  EXPECT_EQ(fail(Kind::kTold, nanoseconds{1}), milliseconds{100});
  EXPECT_EQ(fail(Kind::kTold, nanoseconds::max()), minutes{10});
  EXPECT_EQ(fail(Kind::kIfTold, nanoseconds::max()), minutes{10});
  EXPECT_EQ(fail(Kind::kQuota, nanoseconds::max()), minutes{10});
  clock_.advance(hours{1});
  EXPECT_EQ(fail(Kind::kTold, nanoseconds::min()), milliseconds{100});
}

TEST_F(CooldownsTest, BehaveLikeTheirPlainModelOverAMillionSteps) {
  SeededRandom random(3);
  SteadyTime end{};
  int in_row = 0;
  for (int step = 0; step < 1'000'000; ++step) {
    clock_.advance(milliseconds{1 + random.next() % 8'000});
    switch (random.next() % 8) {
      case 0: {
        const milliseconds told{random.next() % 700'000};
        fail(Kind::kTold, told);
        end = std::max(end, now() + std::clamp(told, rules_.min, rules_.max));
        break;
      }
      case 1:
        if (in_row < 1'000) ++in_row;
        fail(Kind::kTold);
        end = std::max(
            end, now() + std::min(seconds{5} * (1 << std::min(in_row - 1, 10)), seconds{600}));
        break;
      case 2:
        fail(Kind::kModel);
        end = std::max(end, now() + seconds{60});
        break;
      case 3:
        if (random.next() % 4 != 0) break;
        cooldowns_.succeeded(now());
        in_row = 0;
        break;
      case 4:
        if (random.next() % 16 == 0) clock_.advance(minutes{10});
        break;
      default:
        fail(Kind::kIfTold);
    }
    ASSERT_EQ(words_.end(), end) << step;
  }
}

}  // namespace
}  // namespace penstock::routing
