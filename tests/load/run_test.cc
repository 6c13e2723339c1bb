#include "load/run.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "load/live_counts.h"
#include "sim/simulator.h"

namespace penstock::load {
namespace {

using testing::HasSubstr;

// Whole runs against a simulator in this process.
class LoadRunTest : public testing::Test {
 protected:
  LoadRunTest() {
    sim::Options options;
    options.port = 0;
    options.stamp = true;
    options.name = "east";
    auto started = sim::Simulator::start(std::move(options));
    if (!started) throw std::runtime_error(started.error().message);
    simulator_ = std::move(*started);
    options_.port = simulator_->port();
    options_.warmup = Seconds(0.05);
    options_.duration = Seconds(0.2);
  }

  void play(std::string_view timeline) { simulator_->play(*sim::Timeline::parse(timeline)); }

  std::unique_ptr<sim::Simulator> simulator_;
  Options options_;
};

TEST_F(LoadRunTest, CountsSoundAnswersInTheClosedLoop) {
  options_.connections = 4;
  options_.watch = {getpid()};
  const Results results = run(options_);
  EXPECT_EQ(results.faults(), 0U) << results.first_fault;
  EXPECT_GT(results.requests, 10U);
  EXPECT_EQ(results.latency_ns.count(), results.requests);
  EXPECT_GE(results.window, std::chrono::milliseconds(200));
  EXPECT_GT(results.processor_time.count(), 0);
  EXPECT_EQ(results.connections_made, 5U);  // one for the first, uncounted exchange
}

TEST_F(LoadRunTest, ReadsTheTransitTimeOfEachStampedEvent) {
  options_.stream = true;
  options_.sim = R"({"tokens": 10})";
  options_.events = 13;  // the role, ten tokens, the end, [DONE]
  const Results results = run(options_);
  EXPECT_EQ(results.faults(), 0U) << results.first_fault;
  EXPECT_GT(results.first_event_ns.count(), 0U);
  EXPECT_GT(results.transit_ns.count(), results.requests * 11);
  EXPECT_GT(results.transit_ns.smallest(), 0U);
}

TEST_F(LoadRunTest, SendsAtTheRateThatWasAskedFor) {
  options_.connections = 4;
  options_.rate = 200;
  options_.duration = Seconds(0.5);
  const Results results = run(options_);
  EXPECT_EQ(results.faults(), 0U) << results.first_fault;
  EXPECT_LE(results.requests, 115U);
  EXPECT_GE(results.requests, 50U);
}

TEST_F(LoadRunTest, CountsTheWaitOfARequestThatIsDueWhileNoConnectionIsFree) {
  options_.rate = 100;
  options_.duration = Seconds(0.5);
  options_.sim = R"({"head_delay_ms": 50})";
  const Results results = run(options_);
  EXPECT_EQ(results.faults(), 0U) << results.first_fault;
  // One connection allows at most 20 answers a second: requests wait longer and longer.
  EXPECT_GT(results.latency_ns.largest(), 200'000'000U);
}

TEST_F(LoadRunTest, HoldsStreams) {
  options_.stream = true;
  options_.hold = true;
  options_.connections = 20;
  options_.sim = R"({"tokens": 100000, "tokens_per_second": 10})";
  const Results results = run(options_);
  EXPECT_EQ(results.faults(), 0U) << results.first_fault;
  EXPECT_EQ(results.open_streams, 20U);
}

TEST_F(LoadRunTest, CountsAnswersByAHeaderField) {
  options_.count_by = "x-sim-name";
  const Results results = run(options_);
  EXPECT_EQ(results.faults(), 0U) << results.first_fault;
  ASSERT_EQ(results.by.size(), 1U);
  EXPECT_GE(results.by.at("east").answered, results.requests);
}

TEST_F(LoadRunTest, CountsARequestWithoutAnAnswerForNobody) {
  // The first request is the one that shows whether the service works.
  play("at 0 s behave {} for 1 request; at 0 s answer 503 for 1 request; at 0 s reset after head");
  options_.count_by = "x-sim-name";
  const Results refused = run(options_);
  EXPECT_EQ(refused.by.at("east").failed, refused.faults());
  EXPECT_EQ(refused.status_faults, 1U);
  EXPECT_GT(refused.broken_faults, 0U);
  play("at 0 s behave {} for 1 request; at 0 s reset after 0 bytes");
  const Results reset = run(options_);
  EXPECT_GT(reset.faults(), 0U);
  EXPECT_EQ(reset.by.at("none").failed, reset.faults());
}

TEST_F(LoadRunTest, CountsStreamsApartThatBreakAfterTheirContentAndSaySo) {
  options_.stream = true;
  options_.check = Check::kShape;
  options_.count_by = "x-sim-name";
  options_.allow_broken_streams = true;
  constexpr std::string_view kBefore = R"(at 0 s behave {} for 1 request
      at 0 s behave {"cut_after_events": 2, "events": [)";
  constexpr std::string_view kContent = R"({"data": {"delta": {"content": "Hi"}}})";
  constexpr std::string_view kEmpty = R"({"data": {"delta": {"content": ""}}})";
  constexpr std::string_view kError = R"({"data": {"error": {}}})";
  const auto run_with = [&](std::string_view first, std::string_view second) {
    std::string timeline(kBefore);
    timeline.append(first).append(", ").append(second).append(", {\"data\": {}}]}");
    play(timeline);
    return run(options_);
  };
  const Results rightly = run_with(kContent, kError);
  EXPECT_EQ(rightly.faults(), 0U) << rightly.first_fault;
  EXPECT_GT(rightly.by.at("east").broken_streams, 0U);
  EXPECT_EQ(rightly.broken_streams, rightly.by.at("east").broken_streams);
  EXPECT_GT(run_with(kEmpty, kError).broken_faults, 0U);
  EXPECT_GT(run_with(kContent, kContent).broken_faults, 0U);
  options_.allow_broken_streams = false;
  EXPECT_GT(run_with(kContent, kError).broken_faults, 0U);
}

TEST(LiveCounts, TellsWhatIsNew) {
  LiveCounts counts;
  Results results;
  results.by["east"].answered = 3;
  EXPECT_EQ(counts.line(1, results), "second 1: failed=0 broken=0 east=3");
  results.by["east"].answered = 5;
  results.by["west"].answered = 1;
  results.broken_streams = 1;
  results.count(Fault::kStatus, "status 503");
  EXPECT_EQ(counts.line(2, results), "second 2: failed=1 broken=1 east=2 west=1");
  EXPECT_EQ(counts.line(3, results), "second 3: failed=0 broken=0 east=0 west=0");
}

TEST_F(LoadRunTest, EndsAtOnceWhereTheFirstAnswerIsARefusal) {
  options_.model = "nobody";
  const Results results = run(options_);
  EXPECT_EQ(results.status_faults, 1U);
  EXPECT_EQ(results.first_fault, "status 404");
  EXPECT_EQ(results.requests, 0U);
}

TEST_F(LoadRunTest, FindsAStreamThatIsCut) {
  options_.stream = true;
  options_.sim = R"({"cut_after_events": 3})";
  EXPECT_EQ(run(options_).broken_faults, 1U);
  options_.sim = R"({"done": false})";
  EXPECT_THAT(run(options_).first_fault, HasSubstr("no [DONE]"));
}

TEST_F(LoadRunTest, FindsAServerThatIsNotThere) {
  simulator_.reset();
  const Results results = run(options_);
  EXPECT_EQ(results.connect_faults, 1U);
  EXPECT_THAT(results.first_fault, HasSubstr("refused"));
}

TEST_F(LoadRunTest, FindsAnAnswerThatDoesNotCome) {
  options_.timeout = Seconds(0.1);
  options_.sim = R"({"head_delay_ms": 60000})";
  EXPECT_EQ(run(options_).timeout_faults, 1U);
}

}  // namespace
}  // namespace penstock::load
