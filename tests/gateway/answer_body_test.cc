#include "gateway/answer_body.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::gateway {
namespace {

using End = AnswerBody::End;

struct Passed {
  std::string text;
  bool whole = false;
};

Passed pass(AnswerBody& body, std::string_view text) {
  Passed passed;
  EXPECT_TRUE(body.feed(text, passed.text).has_value());
  body.finish(passed.text);
  passed.whole = body.is_whole();
  return passed;
}

AnswerBody body_of(BodyKind kind, End end = End::kFramed) {
  AnswerBody::Options options;
  options.model = "p/m";
  options.end = end;
  return {kind, options};
}

bool whole_events(std::string_view text) {
  AnswerBody body = body_of(BodyKind::kEvents);
  return pass(body, text).whole;
}

constexpr std::string_view kDelta =
    "data: {\"model\":\"m\",\"choices\":[{\"finish_reason\":null}]}\n\n";
constexpr std::string_view kFinish =
    "data: {\"model\":\"m\",\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";

TEST(AnswerBody, NamesTheModelInEventsAndJsonOnly) {
  AnswerBody json = body_of(BodyKind::kJson);
  EXPECT_EQ(pass(json, R"({"model":"m"})").text, R"({"model":"p/m"})");
  AnswerBody events = body_of(BodyKind::kEvents);
  EXPECT_EQ(pass(events, "data: {\"model\":\"m\"}\n\n").text, "data: {\"model\":\"p/m\"}\n\n");
  AnswerBody other = body_of(BodyKind::kVerbatim);
  EXPECT_EQ(pass(other, R"({"model":"m"})").text, R"({"model":"m"})");
}

TEST(AnswerBody, TakesAStreamForWholeThatSaysHowItEnded) {
  EXPECT_TRUE(whole_events(std::string(kDelta) + "data: [DONE]\n\n"));
  EXPECT_TRUE(whole_events(std::string(kDelta) + std::string(kFinish)));
  EXPECT_TRUE(whole_events("data: {\"error\":{\"message\":\"x\"}}\n\n"));
}

TEST(AnswerBody, TakesAStreamForCutThatJustEnds) {
  EXPECT_FALSE(whole_events(""));
  EXPECT_FALSE(whole_events(kDelta));
  EXPECT_FALSE(whole_events(": comment\n\n"));
  EXPECT_FALSE(whole_events(std::string(kFinish) + "data: {\"model\":\"m\",\"usa"));
}

TEST(AnswerBody, TakesJsonWithoutFramingForWholeWhereItIsComplete) {
  AnswerBody framed = body_of(BodyKind::kJson);
  EXPECT_TRUE(pass(framed, R"({"model":"m")").whole);
  AnswerBody complete = body_of(BodyKind::kJson, End::kByClose);
  EXPECT_TRUE(pass(complete, R"({"model":"m"})").whole);
  AnswerBody cut = body_of(BodyKind::kJson, End::kByClose);
  EXPECT_FALSE(pass(cut, R"({"model":"m")").whole);
}

TEST(AnswerBody, TakesEverythingElseAsItIsFramed) {
  AnswerBody other = body_of(BodyKind::kVerbatim, End::kByClose);
  EXPECT_TRUE(pass(other, "anything").whole);
}

TEST(AnswerBody, TellsTheUsage) {
  AnswerBody json = body_of(BodyKind::kJson);
  const std::string usage = R"({"prompt_tokens":3,"completion_tokens":4,"total_tokens":7})";
  pass(json, R"({"usage":)" + usage + "}");
  EXPECT_EQ(json.usage(), usage);
  AnswerBody events = body_of(BodyKind::kEvents);
  pass(events, kFinish);
  EXPECT_EQ(events.usage(), "");
  AnswerBody other = body_of(BodyKind::kVerbatim);
  EXPECT_EQ(other.usage(), "");
}

TEST(AnswerBody, SeparatesAnAddedEventFromAnUnfinishedOne) {
  AnswerBody events = body_of(BodyKind::kEvents);
  std::string out;
  EXPECT_EQ(events.event_separator(), "");
  ASSERT_TRUE(events.feed(kDelta, out).has_value());
  EXPECT_EQ(events.event_separator(), "");
  ASSERT_TRUE(events.feed("data: {\"a\"", out).has_value());
  EXPECT_EQ(events.event_separator(), "\n\n");
  EXPECT_EQ(body_of(BodyKind::kJson).event_separator(), "");
}

TEST(AnswerBody, RefusesAnEventOverTheLimit) {
  AnswerBody::Options options;
  options.model = "p/m";
  options.event_bytes_max = 100;
  AnswerBody body(BodyKind::kEvents, options);
  std::string out;
  const Status fed = body.feed("data: " + std::string(200, 'x'), out);
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().kind, ErrorKind::kUpstreamInvalidResponse);
}

}  // namespace
}  // namespace penstock::gateway
