#include "routing/breaker.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace penstock::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t kNoJitter = 0;

class BreakerTest : public testing::Test {
 protected:
  SteadyTime now() const { return clock_.steady(); }
  void fail(std::size_t times = 1) {
    for (std::size_t i = 0; i < times; ++i) breaker_.failed(0, now(), rules_, kNoJitter);
  }
  void succeed() { breaker_.succeeded(0, now(), rules_); }
  BreakerState state() const { return gate_.view().state; }

  config::BreakerRules rules_;
  FakeClock clock_;
  BreakerGate gate_;
  Breaker breaker_{gate_};
};

// 9
TEST_F(BreakerTest, OpensAfterFailuresInARow) {
  fail(4);
  EXPECT_EQ(state(), BreakerState::kClosed);
  fail();
  EXPECT_EQ(state(), BreakerState::kOpen);
  EXPECT_EQ(gate_.view().time, now() + seconds{10});
}

TEST_F(BreakerTest, CountsFailuresInARowAfreshAfterASuccess) {
  for (int i = 0; i < 3; ++i) {
    fail(4);
    succeed();
    clock_.advance(seconds{10});  // so that the rate does not open it
  }
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, OpensAtARateOfFailuresOfEnoughRequests) {
  for (int i = 0; i < 9; ++i) {
    succeed();
    fail();
  }
  succeed();
  EXPECT_EQ(state(), BreakerState::kClosed);
  fail();
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, ForgetsTheRequestsOfAnEarlierWindow) {
  for (int i = 0; i < 9; ++i) {
    succeed();
    fail();
  }
  clock_.advance(seconds{10});
  for (int i = 0; i < 9; ++i) {
    succeed();
    fail();
  }
  EXPECT_EQ(state(), BreakerState::kClosed);
}

// 11
TEST_F(BreakerTest, DoublesTheTimeWithEachProbeThatFailsUpToALimit) {
  fail(5);
  seconds expected{10};
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(gate_.view().time, now() + std::min(expected, seconds{300})) << i;
    clock_.advance(gate_.view().time - now() - nanoseconds{1});
    ASSERT_EQ(gate_.take_probe(now()), 0U);
    clock_.advance(nanoseconds{1});
    const BreakerGate::Probe probe = gate_.take_probe(now());
    ASSERT_NE(probe, 0U);
    breaker_.failed(probe, now(), rules_, kNoJitter);
    expected = std::min(expected * 2, seconds{300});
  }
}

TEST_F(BreakerTest, ShortensAnOpeningByUpToATenth) {
  for (int i = 0; i < 5; ++i) breaker_.failed(0, now(), rules_, ~std::uint64_t{0});
  EXPECT_GT(gate_.view().time, now() + seconds{9} - milliseconds{1});
  EXPECT_LT(gate_.view().time, now() + seconds{9} + milliseconds{1});
}

TEST_F(BreakerTest, ClosesAfterEnoughProbesOneAtATime) {
  fail(5);
  clock_.advance(seconds{10});
  const BreakerGate::Probe first = gate_.take_probe(now());
  ASSERT_NE(first, 0U);
  EXPECT_EQ(gate_.take_probe(now()), 0U);
  breaker_.succeeded(first, now(), rules_);
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  const BreakerGate::Probe second = gate_.take_probe(now());
  ASSERT_NE(second, 0U);
  breaker_.succeeded(second, now(), rules_);
  EXPECT_EQ(state(), BreakerState::kClosed);
  EXPECT_EQ(gate_.view().time, now());
}

TEST_F(BreakerTest, IgnoresVerdictsOfRequestsThatBeganBeforeItOpened) {
  fail(5);
  const SteadyTime end = gate_.view().time;
  clock_.advance(seconds{5});
  fail(10);
  succeed();
  EXPECT_EQ(state(), BreakerState::kOpen);
  EXPECT_EQ(gate_.view().time, end);
}

TEST_F(BreakerTest, IgnoresAProbeThatACheckHasOvertaken) {
  rules_.successes = 1;
  fail(5);
  clock_.advance(seconds{10});
  const BreakerGate::Probe old = gate_.take_probe(now());
  clock_.advance(seconds{1});
  breaker_.check_failed(now(), rules_, kNoJitter);
  clock_.advance(seconds{10});
  const BreakerGate::Probe current = gate_.take_probe(now());
  ASSERT_NE(current, 0U);
  gate_.return_probe(old);
  EXPECT_EQ(gate_.take_probe(now()), 0U);
  breaker_.succeeded(old, now(), rules_);
  EXPECT_EQ(gate_.take_probe(now()), 0U);
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
}

TEST_F(BreakerTest, FollowsActiveChecks) {
  breaker_.check_failed(now(), rules_, kNoJitter);
  EXPECT_EQ(state(), BreakerState::kOpen);
  breaker_.check_succeeded(now());
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  EXPECT_NE(gate_.take_probe(now()), 0U);
}

TEST_F(BreakerTest, StartsSlowlyAfterItHasClosed) {
  const SteadyTime closed = now();
  EXPECT_EQ(slow_start_share(SteadyTime{}, closed, seconds{10}), 1);
  EXPECT_DOUBLE_EQ(slow_start_share(closed, closed, seconds{10}), 0.1);
  EXPECT_DOUBLE_EQ(slow_start_share(closed, closed + seconds{5}, seconds{10}), 0.55);
  EXPECT_DOUBLE_EQ(slow_start_share(closed, closed + seconds{10}, seconds{10}), 1);
  EXPECT_DOUBLE_EQ(slow_start_share(closed, closed, seconds{0}), 1);
}

// The same rules, told as plainly as possible.
class PlainBreaker {
 public:
  explicit PlainBreaker(const config::BreakerRules& rules) : rules_(rules) {}

  BreakerState state() const { return state_; }
  SteadyTime end() const { return end_; }

  bool take_probe(SteadyTime now) {
    if (state_ == BreakerState::kClosed || probe_is_out_) return false;
    if (state_ == BreakerState::kOpen && now < end_) return false;
    state_ = BreakerState::kHalfOpen;
    probe_is_out_ = true;
    return true;
  }
  void return_probe() { probe_is_out_ = false; }
  void probe_succeeded() {
    probe_is_out_ = false;
    if (++good_probes_ < rules_.successes) return;
    *this = PlainBreaker(rules_);
  }
  void probe_failed(SteadyTime now) {
    probe_is_out_ = false;
    ++failed_probes_;
    open(now);
  }
  void succeeded(SteadyTime now) {
    if (state_ != BreakerState::kClosed) return;
    in_row_ = 0;
    note(now, true);
  }
  void failed(SteadyTime now) {
    if (state_ != BreakerState::kClosed) return;
    ++in_row_;
    note(now, false);
    const auto requests = static_cast<double>(window_.size());
    double failures = 0;
    for (const bool good : window_) failures += good ? 0 : 1;
    if (in_row_ >= rules_.failures ||
        (window_.size() >= rules_.min_requests && failures / requests >= rules_.failure_rate)) {
      open(now);
    }
  }

 private:
  void note(SteadyTime now, bool good) {
    if (!window_end_ || now >= *window_end_) {
      window_.clear();
      window_end_ = now + rules_.window;
    }
    window_.push_back(good);
  }
  void open(SteadyTime now) {
    milliseconds length = rules_.open_for;
    for (int i = 0; i < failed_probes_ && length < rules_.open_max; ++i) length *= 2;
    state_ = BreakerState::kOpen;
    end_ = now + std::min(length, rules_.open_max);
    good_probes_ = 0;
  }

  config::BreakerRules rules_;
  BreakerState state_ = BreakerState::kClosed;
  SteadyTime end_{};
  bool probe_is_out_ = false;
  std::size_t good_probes_ = 0;
  int failed_probes_ = 0;
  std::size_t in_row_ = 0;
  std::optional<SteadyTime> window_end_;
  std::vector<bool> window_;
};

TEST_F(BreakerTest, BehavesLikeItsPlainModelOverAMillionSteps) {
  PlainBreaker model(rules_);
  SeededRandom random(9);
  std::optional<BreakerGate::Probe> probe;
  std::uint64_t openings = 0;
  std::uint64_t failure_share = 100;
  for (int step = 0; step < 1'000'000; ++step) {
    if (step % 1000 == 0) failure_share = random.next() % 100;
    const bool good = random.next() % 100 >= failure_share;
    const BreakerState before = state();
    switch (random.next() % 4) {
      case 0:
        clock_.advance(milliseconds{random.next() % 1500});
        break;
      case 1:
        if (probe) {
          const bool has_verdict = random.next() % 4 != 0;
          if (!has_verdict) {
            gate_.return_probe(*probe);
            model.return_probe();
          } else if (good) {
            breaker_.succeeded(*probe, now(), rules_);
            model.probe_succeeded();
          } else {
            breaker_.failed(*probe, now(), rules_, kNoJitter);
            model.probe_failed(now());
          }
          probe.reset();
          break;
        }
        [[fallthrough]];
      case 2: {
        const BreakerGate::Probe taken = gate_.take_probe(now());
        ASSERT_EQ(taken != 0, model.take_probe(now())) << step;
        if (taken != 0) probe = taken;
        break;
      }
      default:
        if (good) {
          succeed();
          model.succeeded(now());
        } else {
          fail();
          model.failed(now());
        }
    }
    ASSERT_EQ(state(), model.state()) << step;
    if (state() == BreakerState::kOpen) {
      ASSERT_EQ(gate_.view().time, model.end()) << step;
      if (before != BreakerState::kOpen) ++openings;
    }
  }
  EXPECT_GT(openings, 1'000U);
}

}  // namespace
}  // namespace penstock::routing
