#include "routing/places.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace penstock::routing {
namespace {

class PlacesTest : public testing::Test {
 protected:
  PlaceCounts counts_;
  Places places_{counts_};
};

TEST_F(PlacesTest, HasNoMorePlacesThanTheLimit) {
  EXPECT_TRUE(places_.enter(2));
  EXPECT_TRUE(places_.enter(2));
  EXPECT_FALSE(places_.enter(2));
  EXPECT_TRUE(places_.is_full(2));
  EXPECT_TRUE(places_.enter(3));
  EXPECT_TRUE(places_.enter(Places::kNoLimit));
}

TEST_F(PlacesTest, GivesAFreePlaceToWhoHasWaitedLongest) {
  ASSERT_TRUE(places_.enter(1));
  int first_calls = 0;
  int second_calls = 0;
  PlaceWaiter first([&] { ++first_calls; });
  PlaceWaiter second([&] { ++second_calls; });
  first.wait_for(places_, 1);
  second.wait_for(places_, 1);
  places_.leave();
  EXPECT_EQ(first_calls, 1);
  EXPECT_EQ(second_calls, 0);
  EXPECT_FALSE(places_.enter(1));
  ASSERT_EQ(first.take(), &places_);
  places_.leave();
  EXPECT_EQ(second_calls, 1);
}

TEST_F(PlacesTest, GivesAPlaceAtOnceIfOneBecameFreeBeforeTheWait) {
  int calls = 0;
  PlaceWaiter waiter([&] { ++calls; });
  waiter.wait_for(places_, 1);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(places_.taken(), 1U);
}

TEST_F(PlacesTest, PassesAPlaceOnWhoseWaiterHasLeft) {
  ASSERT_TRUE(places_.enter(1));
  int calls = 0;
  PlaceWaiter second([&] { ++calls; });
  {
    PlaceWaiter first([] {});
    first.wait_for(places_, 1);
    second.wait_for(places_, 1);
    places_.leave();
    ASSERT_TRUE(first.has_place());
    EXPECT_EQ(calls, 0);
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(counts_.waiting.load(), 0U);
}

TEST_F(PlacesTest, GivesOneWaiterOneOfTwoPlaces) {
  PlaceCounts other_counts;
  Places other(other_counts);
  ASSERT_TRUE(places_.enter(1));
  ASSERT_TRUE(other.enter(1));
  int calls = 0;
  PlaceWaiter first([&] { ++calls; });
  first.wait_for(places_, 1);
  first.wait_for(other, 1);
  PlaceWaiter second([] {});
  second.wait_for(other, 1);
  places_.leave();
  other.leave();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(first.take(), &places_);
  EXPECT_EQ(second.take(), &other);
  EXPECT_EQ(other.taken(), 1U);
}

TEST_F(PlacesTest, LetsLaterOnesEnterWhoseLimitIsHigherThanAllThatWait) {
  ASSERT_TRUE(places_.enter(1));
  PlaceWaiter waiter([] {});
  waiter.wait_for(places_, 1);
  EXPECT_FALSE(places_.enter(2));
  EXPECT_TRUE(places_.enter(3));
}

// Each thread waits for the only place over and over: a lost call would leave them waiting forever.
TEST_F(PlacesTest, LosesNoPlaceAndNoCallBetweenThreads) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 1'000;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::latch begin(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      begin.arrive_and_wait();
      for (int turn = 0; turn < kTurns; ++turn) {
        if (!places_.enter(1)) {
          std::atomic<bool> called{false};
          PlaceWaiter waiter([&] {
            called = true;
            called.notify_one();
          });
          waiter.wait_for(places_, 1);
          called.wait(false);
          EXPECT_EQ(waiter.take(), &places_);
        }
        if (inside.fetch_add(1) + 1 > 1) most = 2;
        std::this_thread::yield();
        inside.fetch_sub(1);
        places_.leave();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most.load(), 0);
  EXPECT_EQ(places_.taken(), 0U);
  EXPECT_EQ(counts_.waiting.load(), 0U);
}

}  // namespace
}  // namespace penstock::routing
