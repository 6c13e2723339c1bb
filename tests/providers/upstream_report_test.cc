#include "providers/upstream_report.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace penstock::providers {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Failure = UpstreamReport::Failure;

class UpstreamReportTest : public ::testing::Test {
 protected:
  bool unreachable() { return report.failed(Failure::kUnreachable, now); }
  bool no_answer() { return report.failed(Failure::kNoAnswer, now); }
  auto answered() { return report.answered(now); }

  UpstreamReport report;
  SteadyTime now = SteadyTime{} + minutes(10);
};

TEST_F(UpstreamReportTest, TellsOnceThatThereIsNoConnection) {
  EXPECT_TRUE(unreachable());
  for (int i = 0; i < 100; ++i) {
    now += minutes(1);
    EXPECT_FALSE(unreachable());
    EXPECT_FALSE(no_answer());
  }
}

TEST_F(UpstreamReportTest, TellsOnceThatRequestsAreAnsweredAgain) {
  EXPECT_TRUE(unreachable());
  now += seconds(30);
  EXPECT_EQ(answered(), seconds(30));
  EXPECT_FALSE(report.has_failed());
  EXPECT_EQ(answered(), std::nullopt);
}

TEST_F(UpstreamReportTest, TakesSeveralRequestsInARowThatHadNoAnswer) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(no_answer());
    EXPECT_FALSE(no_answer());
    EXPECT_TRUE(report.has_failed());
    EXPECT_EQ(answered(), std::nullopt);
  }
  EXPECT_FALSE(no_answer());
  EXPECT_FALSE(no_answer());
  EXPECT_TRUE(no_answer());
  EXPECT_FALSE(no_answer());
}

TEST_F(UpstreamReportTest, SaysNothingOfOneThatComesAndGoes) {
  EXPECT_TRUE(unreachable());
  EXPECT_TRUE(answered());
  for (int i = 0; i < 59; ++i) {
    now += seconds(1);
    EXPECT_FALSE(unreachable());
    EXPECT_EQ(answered(), std::nullopt);
  }
  now += seconds(1);
  EXPECT_TRUE(unreachable());
}

TEST_F(UpstreamReportTest, TellsOfOneThatIsStillAwayWhenItMaySpeakAgain) {
  EXPECT_TRUE(unreachable());
  EXPECT_TRUE(answered());
  now += seconds(10);
  EXPECT_FALSE(unreachable());
  now += seconds(50);
  EXPECT_TRUE(unreachable());
  now += seconds(5);
  EXPECT_EQ(answered(), seconds(55));
}

TEST_F(UpstreamReportTest, TellsOnceHoweverManyThreadsNotice) {
  std::atomic<int> told{0};
  std::atomic<int> recovered{0};
  const auto on_threads = [](auto step) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back(step);
    for (std::thread& thread : threads) thread.join();
  };
  on_threads([&] { told += unreachable() ? 1 : 0; });
  on_threads([&] { recovered += answered() ? 1 : 0; });
  EXPECT_EQ(told, 1);
  EXPECT_EQ(recovered, 1);
}

}  // namespace
}  // namespace penstock::providers
