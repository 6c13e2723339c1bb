#include "sim/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/course.h"
#include "sim/json.h"

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

Timeline timeline_of(std::string_view text) {
  Result<Timeline> timeline = Timeline::parse(text);
  EXPECT_TRUE(timeline) << timeline.error().message;
  return timeline.value_or(Timeline());
}

// What a line changes, as JSON.
Json changes_of(const std::string& action) {
  const Timeline timeline = timeline_of("at 0 s " + action);
  return timeline.empty() ? Json() : Json::parse(timeline.steps().front().changes);
}

TEST(Timeline, ReadsTimesWithTheirUnitsTogetherOrApart) {
  const Timeline timeline = timeline_of(
      "at 1.5 s answer 500 for 200ms\n"
      "# nothing here\n"
      "at 2m refuse for 1 s every 3 s  # a comment; no step\n"
      "at 0 ms die; at 1s answer 503 for 3 requests");
  ASSERT_EQ(timeline.steps().size(), 4U);
  EXPECT_EQ(timeline.steps()[0].begin, milliseconds(1500));
  EXPECT_EQ(timeline.steps()[0].length, milliseconds(200));
  EXPECT_EQ(timeline.steps()[1].begin, seconds(120));
  EXPECT_EQ(timeline.steps()[1].period, seconds(3));
  EXPECT_EQ(timeline.steps()[2].length, Step::kForEver);
  EXPECT_EQ(timeline.steps()[2].door, DoorState::kDead);
  EXPECT_EQ(timeline.steps()[3].requests, 3U);
}

TEST(Timeline, SaysInWordsWhatRequestsSayInSim) {
  EXPECT_EQ(changes_of("answer 429 with retry-after 2 for 10 s"),
            Json::parse(R"({"status":429,"headers":{"retry-after":"2"}})"));
  EXPECT_EQ(changes_of(R"(answer 429 with a "b; c" and d e body {"error":{"code":"}"}})"),
            Json::parse(R"({"status":429,"headers":{"a":"b; c","d":"e"},
                            "body":"{\"error\":{\"code\":\"}\"}}"})"));
  EXPECT_EQ(changes_of("reset after head"), Json::parse(R"({"cut":"reset",
                                                            "cut_after_body_bytes":0})"));
  EXPECT_EQ(changes_of("cut after 3 events"),
            Json::parse(R"({"cut":"close","cut_after_events":3})"));
  EXPECT_EQ(changes_of("reset after 0 bytes"),
            Json::parse(R"({"cut":"reset","cut_after_bytes":0})"));
  EXPECT_EQ(changes_of("stall before head"), Json::parse(R"({"head_delay_ms":86400000.0})"));
  EXPECT_EQ(changes_of("stall after head"), Json::parse(R"({"stall_after_events":0})"));
  EXPECT_EQ(changes_of("stall after 1 event"), Json::parse(R"({"stall_after_events":1})"));
  EXPECT_EQ(changes_of("fail after 2 events with 429 as response.failed"),
            Json::parse(R"({"error_after_events":2,"error_status":429,
                            "error_event":"response.failed"})"));
  EXPECT_EQ(changes_of(R"(behave {"message": "a\"} b"})"), Json::parse(R"({"message":"a\"} b"})"));
}

TEST(Timeline, SaysWhichLineIsWrongAndWhy) {
  const auto refusal = [](std::string_view text) {
    const Result<Timeline> timeline = Timeline::parse(text);
    EXPECT_FALSE(timeline) << text;
    return timeline ? std::string() : timeline.error().message;
  };
  EXPECT_THAT(refusal("at 0 s die\n\nat 1 s explode"), HasSubstr("line 3: there is no action"));
  EXPECT_THAT(refusal("after 1 s die"), HasSubstr("a step begins with `at`"));
  EXPECT_THAT(refusal("at 1 die"), HasSubstr("`at` needs a time"));
  EXPECT_THAT(refusal("at 1 h die"), HasSubstr("`at` needs a time"));
  EXPECT_THAT(refusal("at 1 s"), HasSubstr("there is no action ''"));
  EXPECT_THAT(refusal("at 1 s answer"), HasSubstr("`answer` needs a status"));
  EXPECT_THAT(refusal("at 1 s answer 700"), HasSubstr("'status'"));
  EXPECT_THAT(refusal("at 1 s answer 429 with retry-after"), HasSubstr("name and the value"));
  EXPECT_THAT(refusal("at 1 s answer 429 with retry-after 2 3"), HasSubstr("'3' is not expected"));
  EXPECT_THAT(refusal("at 1 s answer 429 for ever"), HasSubstr("`for` needs a time"));
  EXPECT_THAT(refusal("at 1 s answer 429 for 2 s every 2 s"), HasSubstr("a shorter time"));
  EXPECT_THAT(refusal("at 1 s refuse for 2 requests"), HasSubstr("lasts a time"));
  EXPECT_THAT(refusal("at 1 s cut after 2 tokens"), HasSubstr("`events` or `bytes`"));
  EXPECT_THAT(refusal("at 1 s stall"), HasSubstr("a stall is"));
  EXPECT_THAT(refusal("at 1 s fail after 1"), HasSubstr("`fail` needs"));
  EXPECT_THAT(refusal("at 1 s fail after 1 event as error2"), HasSubstr("'error_event'"));
  EXPECT_THAT(refusal("at 1 s behave {\"tokns\": 1}"), HasSubstr("Did you mean 'tokens'?"));
  EXPECT_THAT(refusal("at 1 s behave {\"tokens\": 1"), HasSubstr("has no end"));
}

TEST(Timeline, OpensAndClosesTheDoorInTime) {
  const Timeline timeline = timeline_of("at 5 s refuse for 3 s; at 6 s die for 10 s");
  EXPECT_EQ(timeline.door_at(milliseconds(4999)), DoorState::kOpen);
  EXPECT_EQ(timeline.door_at(seconds(5)), DoorState::kRefusing);
  EXPECT_EQ(timeline.door_at(milliseconds(7999)), DoorState::kRefusing);
  EXPECT_EQ(timeline.door_at(seconds(8)), DoorState::kDead);
  EXPECT_EQ(timeline.door_at(seconds(16)), DoorState::kOpen);
  EXPECT_EQ(timeline.next_door_change(seconds(0)), seconds(5));
  EXPECT_EQ(timeline.next_door_change(seconds(5)), seconds(6));
  EXPECT_EQ(timeline.next_door_change(seconds(6)), seconds(8));
  EXPECT_EQ(timeline.next_door_change(seconds(8)), seconds(16));
  EXPECT_EQ(timeline.next_door_change(seconds(16)), Step::kForEver);
}

TEST(Timeline, RepeatsAStepThatComesBack) {
  const Timeline timeline = timeline_of("at 1 s die for 200 ms every 3 s");
  for (const int second : {1, 4, 7, 3001}) {
    const Step::Time at = seconds(second);
    EXPECT_EQ(timeline.door_at(at - milliseconds(1)), DoorState::kOpen) << second;
    EXPECT_EQ(timeline.door_at(at), DoorState::kDead) << second;
    EXPECT_EQ(timeline.door_at(at + milliseconds(200)), DoorState::kOpen) << second;
    EXPECT_EQ(timeline.next_door_change(at), at + milliseconds(200)) << second;
    EXPECT_EQ(timeline.next_door_change(at + milliseconds(200)), at + seconds(3)) << second;
  }
}

class CourseTest : public testing::Test {
 protected:
  void begin(std::string_view text) {
    Behaviour otherwise;
    otherwise.tokens = 7;
    course_.emplace(timeline_of(text), kBegin, otherwise);
  }
  // The status that a request gets; 0: an answer.
  int status(Step::Time elapsed, Course::Asker asker = Course::Asker::kRequest) {
    const Behaviour* behaviour = course_->take_behaviour(kBegin + elapsed, asker);
    return behaviour != nullptr ? behaviour->status : 0;
  }

  static constexpr SteadyTime kBegin{std::chrono::hours(5)};

  std::optional<Course> course_;
};

TEST_F(CourseTest, ChangesTheBehaviourInTimeAndKeepsTheRest) {
  begin("at 5 s answer 429 for 10 s");
  EXPECT_EQ(status(milliseconds(4999)), 0);
  EXPECT_EQ(status(seconds(5)), 429);
  EXPECT_EQ(status(milliseconds(14999)), 429);
  EXPECT_EQ(status(seconds(15)), 0);
  EXPECT_EQ(course_->take_behaviour(kBegin + seconds(5), Course::Asker::kRequest)->tokens, 7U);
}

TEST_F(CourseTest, CountsRequestsAndGoesOnToTheNextStep) {
  begin("at 0 s answer 500 for 2 requests; at 0 s answer 429 for 1 request");
  EXPECT_EQ(status(seconds(0)), 500);
  EXPECT_EQ(status(seconds(9)), 500);
  EXPECT_EQ(status(seconds(9)), 429);
  EXPECT_EQ(status(seconds(9)), 0);
}

TEST_F(CourseTest, ConcernsPagesOnlyEverywhere) {
  begin("at 0 s answer 500 for 1 s; at 0 s answer 503 everywhere for 2 s");
  EXPECT_EQ(status(seconds(0)), 500);
  EXPECT_EQ(status(seconds(0), Course::Asker::kPage), 503);
  EXPECT_EQ(status(seconds(2), Course::Asker::kPage), 0);
}

TEST_F(CourseTest, TellsTheLoopWhenToLookAtTheDoor) {
  begin("at 5 s refuse for 3 s; at 1 s answer 500");
  EXPECT_EQ(course_->next_door_change(kBegin), kBegin + seconds(5));
  EXPECT_EQ(course_->door_at(kBegin + seconds(5)), DoorState::kRefusing);
  EXPECT_EQ(course_->next_door_change(kBegin + seconds(8)), SteadyTime::max());
}

}  // namespace
}  // namespace penstock::sim
