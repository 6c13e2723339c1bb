#include "sim/stream_feed.h"
#include "sim/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class StreamFeedTest : public testing::Test {
 protected:
  StreamFeedTest() {
    model_.id = model_.id_in_json = "sim-small";
    behaviour_.tokens = 4;
    // The body as it is, without chunks around it.
    behaviour_.framing = BodyFraming::kUntilClose;
  }

  StreamFeed feed() {
    framer_.emplace(behaviour_, http::Version::kHttp11, std::nullopt);
    const AnswerPlan plan = plan_answer(model_, Request{}, text_, behaviour_.tokens, 1);
    const EventOptions options{.finish = behaviour_.finish, .done = behaviour_.done};
    return StreamFeed(answer_events(Endpoint::kChat, plan, options), "HEAD",
                      Pace(kBegin, behaviour_), behaviour_, *framer_);
  }

  // What is sent at each point in time, and how it ends.
  StreamFeed::Then everything(std::string& out) {
    StreamFeed all = feed();
    for (;;) {
      const StreamFeed::Then then = all.append_due(out, all.next_due());
      if (then != StreamFeed::Then::kMore) return then;
    }
  }

  static std::size_t events_in(std::string_view text) {
    std::size_t events = 0;
    for (std::size_t at = text.find("data: "); at != text.npos; at = text.find("data: ", at + 1)) {
      ++events;
    }
    return events;
  }

  static constexpr SteadyTime kBegin{std::chrono::hours(5)};

  const TokenText text_{1};
  Model model_;
  Behaviour behaviour_;
  std::optional<Framer> framer_;
};

TEST_F(StreamFeedTest, KeepsThePace) {
  behaviour_.first_token = milliseconds(100);
  behaviour_.tokens_per_second = 20;
  StreamFeed feed = this->feed();
  std::string out;
  EXPECT_EQ(feed.append_due(out, kBegin), StreamFeed::Then::kMore);
  EXPECT_EQ(out, "HEAD");
  EXPECT_EQ(feed.next_due(), kBegin + milliseconds(100));
  for (int token = 0; token < 3; ++token) {
    out.clear();
    EXPECT_EQ(feed.append_due(out, feed.next_due()), StreamFeed::Then::kMore);
    EXPECT_EQ(events_in(out), token == 0 ? 2U : 1U) << out;  // the role comes with the first token
    EXPECT_EQ(feed.next_due(), kBegin + milliseconds(150 + 50 * token));
  }
  out.clear();
  EXPECT_EQ(feed.append_due(out, kBegin + milliseconds(250)), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 3U) << out;  // the last token, the finish reason and [DONE]
  EXPECT_THAT(out, testing::EndsWith("data: [DONE]\n\n"));
}

TEST_F(StreamFeedTest, KeepsStepWithOtherAnswersOfItsPace) {
  behaviour_.tokens_per_second = 20;
  behaviour_.in_step = true;
  for (int begin : {0, 1, 49, 50}) {
    const Pace pace(kBegin + milliseconds(begin), behaviour_);
    const SteadyTime first = kBegin + milliseconds(begin == 0 ? 0 : 50);
    EXPECT_EQ(pace.due(0, 4), first) << begin;
    EXPECT_EQ(pace.due(2, 4), first + milliseconds(100)) << begin;
  }
}

TEST_F(StreamFeedTest, SendsWhatIsLateAtOnce) {
  behaviour_.tokens_per_second = 1;
  StreamFeed feed = this->feed();
  std::string out;
  EXPECT_EQ(feed.append_due(out, kBegin + std::chrono::hours(1)), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 7U);
}

TEST_F(StreamFeedTest, StallsForEverOrForAWhile) {
  behaviour_.stall_after_tokens = 2;
  StreamFeed for_ever = this->feed();
  std::string out;
  EXPECT_EQ(for_ever.append_due(out, kBegin), StreamFeed::Then::kMore);
  EXPECT_EQ(events_in(out), 3U);
  EXPECT_EQ(for_ever.next_due(), net::Deadline::kNever);

  behaviour_.stall = milliseconds(30);
  StreamFeed for_a_while = this->feed();
  out.clear();
  EXPECT_EQ(for_a_while.append_due(out, kBegin), StreamFeed::Then::kMore);
  EXPECT_EQ(for_a_while.next_due(), kBegin + milliseconds(30));
  EXPECT_EQ(for_a_while.append_due(out, kBegin + milliseconds(30)), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 7U);
}

TEST_F(StreamFeedTest, CutsAfterAnEvent) {
  behaviour_.cut_after_events = 3;
  std::string out;
  EXPECT_EQ(everything(out), StreamFeed::Then::kCut);
  EXPECT_EQ(events_in(out), 3U);
}

TEST_F(StreamFeedTest, PutsAnErrorInPlaceOfTheRest) {
  behaviour_.error_after_tokens = 1;
  behaviour_.message = "out of memory";
  std::string out;
  EXPECT_EQ(everything(out), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 3U);
  EXPECT_THAT(out, HasSubstr(R"(data: {"error":{"message":"out of memory")"));
  EXPECT_THAT(out, Not(HasSubstr("[DONE]")));
}

TEST_F(StreamFeedTest, FailsAfterTheRoleBeforeAnyContent) {
  behaviour_.error_after_events = 1;
  behaviour_.error_status = 429;
  std::string out;
  EXPECT_EQ(everything(out), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 2U);
  EXPECT_THAT(out, HasSubstr(R"("role":"assistant")"));
  EXPECT_THAT(out, HasSubstr(R"("type":"rate_limit_error")"));
}

TEST_F(StreamFeedTest, StallsAfterAnEventBeforeAnyContent) {
  behaviour_.stall_after_events = 1;
  StreamFeed for_ever = this->feed();
  std::string out;
  EXPECT_EQ(for_ever.append_due(out, kBegin + milliseconds(5)), StreamFeed::Then::kMore);
  EXPECT_EQ(events_in(out), 1U);
  EXPECT_EQ(for_ever.next_due(), net::Deadline::kNever);

  behaviour_.stall = milliseconds(30);
  StreamFeed for_a_while = this->feed();
  out.clear();
  EXPECT_EQ(for_a_while.append_due(out, kBegin), StreamFeed::Then::kMore);
  EXPECT_EQ(for_a_while.next_due(), kBegin + milliseconds(30));
  EXPECT_EQ(for_a_while.append_due(out, kBegin + milliseconds(30)), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 7U);
}

TEST_F(StreamFeedTest, LeavesOutTheEndAndChangesTheLines) {
  behaviour_.done = false;
  behaviour_.finish = false;
  behaviour_.line_end = "\r\n";
  behaviour_.comments = true;
  std::string out;
  EXPECT_EQ(everything(out), StreamFeed::Then::kEnd);
  EXPECT_EQ(events_in(out), 5U);
  EXPECT_THAT(out, HasSubstr("}\r\n\r\n: still here\r\ndata: {"));
  EXPECT_THAT(out, Not(HasSubstr("[DONE]")));
}

TEST_F(StreamFeedTest, CountsTheEventsOfAWrite) {
  behaviour_.events_per_write = 2;
  StreamFeed feed = this->feed();
  std::string out;
  EXPECT_EQ(feed.append_due(out, kBegin), StreamFeed::Then::kMore);
  EXPECT_EQ(events_in(out), 2U);
}

TEST_F(StreamFeedTest, DoesNotGrowAWriteWithoutLimit) {
  behaviour_.tokens = 100'000;
  StreamFeed feed = this->feed();
  std::string out;
  EXPECT_EQ(feed.append_due(out, kBegin), StreamFeed::Then::kMore);
  EXPECT_LT(out.size(), 20'000U);
}

}  // namespace
}  // namespace penstock::sim
