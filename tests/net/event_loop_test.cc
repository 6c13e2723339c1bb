#include "net/event_loop.h"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "net/epoll_poller.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "support/simulated_loop.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::SimulatedLoop;
using testing::Tasks;

enum class By { kOne, kTwo, kDeadline };

Task<void> note_wait(EventLoop& loop, Deadline* deadline, Signal& one, Signal& two,
                     std::vector<By>& log) {
  const Woken woken = co_await wait_any(loop, deadline, one, two);
  log.push_back(woken.by(one) ? By::kOne : woken.by(two) ? By::kTwo : By::kDeadline);
}

class EventLoopTest : public ::testing::Test {
 protected:
  void wait(Deadline* deadline = nullptr) {
    tasks_.start(note_wait(sim_.loop(), deadline, one_, two_, log_));
  }

  SimulatedLoop sim_;
  Signal one_;
  Signal two_;
  std::vector<By> log_;
  Tasks tasks_{sim_.loop()};
};

using Log = std::vector<By>;

TEST_F(EventLoopTest, DoesNotMissASignalThatWasRaisedBeforeTheWait) {
  two_.raise();
  wait();
  sim_.settle();
  EXPECT_EQ(log_, Log{By::kTwo});
}

TEST_F(EventLoopTest, WakesEveryWaiterOfASignalOnceHoweverOftenItIsRaised) {
  wait();
  wait();
  one_.raise();
  one_.raise();
  two_.raise();
  EXPECT_TRUE(log_.empty()) << "raising runs nothing";
  sim_.settle();
  EXPECT_EQ(log_, (Log{By::kOne, By::kOne}));
}

TEST_F(EventLoopTest, ResumesAWaiterWhoseSignalWasLoweredMeanwhile) {
  wait();
  one_.raise();
  one_.lower();
  sim_.settle();
  EXPECT_EQ(log_, Log{By::kOne});
}

TEST_F(EventLoopTest, EndsAWaitAtItsDeadlineAndNotBefore) {
  Deadline deadline(sim_.loop());
  deadline.set_after(milliseconds(10));
  wait(&deadline);
  sim_.pass(milliseconds(9));
  EXPECT_TRUE(log_.empty());
  sim_.pass(milliseconds(1));
  EXPECT_EQ(log_, Log{By::kDeadline});
  // It stays expired.
  wait(&deadline);
  sim_.settle();
  EXPECT_EQ(log_, (Log{By::kDeadline, By::kDeadline}));
}

TEST_F(EventLoopTest, FollowsADeadlineThatMovesWhileItIsWaitedFor) {
  Deadline deadline(sim_.loop());
  deadline.set_after(milliseconds(10));
  wait(&deadline);
  sim_.pass(milliseconds(5));
  deadline.set_after(milliseconds(10));
  sim_.pass(milliseconds(9));
  EXPECT_TRUE(log_.empty());
  deadline.set_after(milliseconds(100));
  sim_.pass(milliseconds(50));
  deadline.set_after(milliseconds(1));
  sim_.pass(milliseconds(1));
  EXPECT_EQ(log_, Log{By::kDeadline});
}

TEST_F(EventLoopTest, ForgetsADeadlineThatIsClearedAndTakesItAgain) {
  Deadline deadline(sim_.loop());
  deadline.set_after(milliseconds(10));
  wait(&deadline);
  deadline.clear();
  sim_.pass(seconds(1));
  EXPECT_TRUE(log_.empty());
  deadline.set_after(milliseconds(10));
  sim_.pass(milliseconds(10));
  EXPECT_EQ(log_, Log{By::kDeadline});
  deadline.set_after(milliseconds(0));
  EXPECT_EQ(deadline.time(), Deadline::kNever);
}

Task<void> note_time(EventLoop& loop, Deadline& deadline, std::vector<SteadyTime>& fired) {
  Signal never;
  co_await wait_any(loop, &deadline, never);
  fired.push_back(deadline.time());
}

TEST_F(EventLoopTest, FiresManyDeadlinesInTheirOrderHoweverTheyMove) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SeededRandom random(seed);
    std::vector<std::unique_ptr<Deadline>> deadlines;
    std::vector<SteadyTime> fired;
    std::vector<SteadyTime> expected;
    const auto some_time = [&] { return milliseconds(1 + random.next() % 1'000); };
    for (int i = 0; i < 60; ++i) {
      deadlines.push_back(std::make_unique<Deadline>(sim_.loop()));
      deadlines.back()->set_after(some_time());
    }
    for (int i = 0; i < 40; ++i) deadlines[random.next() % 60]->set_after(some_time());
    for (int i = 0; i < 15; ++i) deadlines.erase(deadlines.begin() + random.next() % 40);
    for (auto& deadline : deadlines) {
      tasks_.start(note_time(sim_.loop(), *deadline, fired));
      expected.push_back(deadline->time());
    }
    std::ranges::sort(expected);
    sim_.pass(seconds(2));
    EXPECT_EQ(fired, expected) << "seed " << seed;
  }
}

Task<void> spin(EventLoop& loop, Signal& always, int& rounds) {
  while (rounds < 10'000) {
    ++rounds;
    co_await wait_any(loop, nullptr, always);
  }
}

TEST_F(EventLoopTest, LetsOthersRunBesideACoroutineThatNeverHasToWait) {
  Signal always;
  always.raise();
  int rounds = 0;
  tasks_.start(spin(sim_.loop(), always, rounds));
  wait();
  one_.raise();
  sim_.loop().run_once(seconds(0));
  EXPECT_EQ(log_, Log{By::kOne});
  EXPECT_LT(rounds, 100);
  sim_.settle();
  EXPECT_EQ(rounds, 10'000);
}

TEST_F(EventLoopTest, KnowsTheTimeWhenItBeginsToRun) {
  sim_.clock().advance(seconds(5));
  sim_.loop().stop();
  sim_.loop().run();
  EXPECT_EQ(sim_.loop().now(), sim_.clock().steady());
}

TEST_F(EventLoopTest, RunsWhatIsPostedInItsOrderAndWhatThatPostsLater) {
  std::string order;
  sim_.loop().post([&] {
    order += 'a';
    sim_.loop().post([&] { order += 'c'; });
  });
  sim_.loop().post([&] { order += 'b'; });
  EXPECT_EQ(order, "");
  sim_.settle();
  EXPECT_EQ(order, "abc");
}

Task<void> count_and_wait(EventLoop& loop, Signal& signal, int& finished) {
  co_await wait_any(loop, nullptr, signal);
  ++finished;
}

Task<void> fail_after(EventLoop& loop, Signal& signal) {
  co_await wait_any(loop, nullptr, signal);
  throw std::runtime_error("a fault");
}

TEST_F(EventLoopTest, JoinsAGroupWhenItsLastTaskHasEnded) {
  std::string exceptions;
  int finished = 0;
  TaskGroup group(sim_.loop(), [&](std::string_view what) { exceptions += what; });
  group.spawn(count_and_wait(sim_.loop(), one_, finished));
  group.spawn(fail_after(sim_.loop(), one_));
  group.spawn(count_and_wait(sim_.loop(), two_, finished));
  tasks_.start(group.join());
  one_.raise();
  sim_.settle();
  EXPECT_EQ(exceptions, "a fault");
  EXPECT_EQ(group.size(), 1u);
  EXPECT_EQ(tasks_.running(), 1u);
  group.spawn(count_and_wait(sim_.loop(), two_, finished));
  two_.raise();
  sim_.settle();
  EXPECT_EQ(finished, 3);
  EXPECT_EQ(tasks_.running(), 0u);
}

TEST(EventLoopThreads, TakesFunctionsFromManyThreadsAndLosesNone) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2'000;
  SystemClock clock;
  EpollPoller poller;
  EventLoop loop(clock, poller);
  int ran = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop.post([&] {
          if (++ran == kThreads * kEach) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST(EventLoopThreads, StopsFromAnotherThreadAndRunsAgain) {
  SystemClock clock;
  EpollPoller poller;
  EventLoop loop(clock, poller);
  for (int i = 0; i < 200; ++i) {
    std::thread stopper([&] { loop.stop(); });
    loop.run();
    stopper.join();
  }
}

}  // namespace
}  // namespace penstock::net
