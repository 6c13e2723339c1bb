#include "net/loop_pulse.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/clock.h"
#include "support/simulated_loop.h"

namespace penstock::net {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::SimulatedLoop;

class LoopPulseTest : public ::testing::Test {
 protected:
  LoopPulseTest() {
    pulse.add(one.loop());
    pulse.add(two.loop());
  }
  ~LoopPulseTest() override {
    pulse.remove(one.loop());
    pulse.remove(two.loop());
  }
  nanoseconds owed() const { return pulse.longest_owed(clock.steady()); }

  FakeClock clock;
  SimulatedLoop one;
  SimulatedLoop two;
  LoopPulse pulse;
};

TEST_F(LoopPulseTest, OwesNothingUntilItIsAsked) {
  clock.advance(seconds(100));
  EXPECT_EQ(owed(), seconds(0));
}

TEST_F(LoopPulseTest, IsThatOfTheLoopThatHasNotTurnedForLongest) {
  pulse.ask(clock.steady());
  one.settle();
  clock.advance(seconds(3));
  EXPECT_EQ(owed(), seconds(3));
  EXPECT_EQ(pulse.late(clock.steady(), seconds(2)), 1u);
  EXPECT_EQ(pulse.late(clock.steady(), seconds(3)), 0u);
  two.settle();
  EXPECT_EQ(owed(), seconds(0));
}

TEST_F(LoopPulseTest, CountsFromTheFirstQuestionThatIsNotAnswered) {
  pulse.ask(clock.steady());
  one.settle();
  clock.advance(seconds(3));
  pulse.ask(clock.steady());
  clock.advance(seconds(3));
  EXPECT_EQ(owed(), seconds(6));
  EXPECT_EQ(pulse.late(clock.steady(), seconds(1)), 2u);
  one.settle();
  two.settle();
  EXPECT_EQ(owed(), seconds(0));
  clock.advance(seconds(3));
  pulse.ask(clock.steady());
  clock.advance(seconds(1));
  EXPECT_EQ(owed(), seconds(1));
}

TEST_F(LoopPulseTest, DoesNotWaitForALoopThatHasEnded) {
  pulse.ask(clock.steady());
  one.settle();
  clock.advance(seconds(3));
  pulse.remove(two.loop());
  EXPECT_EQ(owed(), seconds(0));
}

}  // namespace
}  // namespace penstock::net
