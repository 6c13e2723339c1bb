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
  body.feed(text, passed.text);
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
}

TEST(AnswerBody, TakesAStreamForCutThatJustEnds) {
  EXPECT_FALSE(whole_events(""));
  EXPECT_FALSE(whole_events(kDelta));
  EXPECT_FALSE(whole_events(": comment\n\n"));
  EXPECT_FALSE(whole_events(std::string(kFinish) + "data: {\"model\":\"m\",\"usa"));
}

// reported-failures 3.2
TEST(AnswerBody, TakesAStreamThatTellsOfAnErrorForBroken) {
  const std::string error = "data: {\"error\":{\"message\":\"x\"}}\n\n";
  EXPECT_FALSE(whole_events(error));
  EXPECT_FALSE(whole_events(std::string(kFinish) + error));
  EXPECT_FALSE(whole_events(error + "data: [DONE]\n\n"));
}

TEST(AnswerBody, KnowsTheEndsOfEachApi) {
  const auto whole = [](wire::Api api, std::string_view text) {
    AnswerBody::Options options;
    options.api = api;
    AnswerBody body(BodyKind::kEvents, options);
    return pass(body, text).whole;
  };
  EXPECT_TRUE(whole(wire::Api::kResponses, "data: {\"type\":\"response.completed\"}\n\n"));
  EXPECT_TRUE(whole(wire::Api::kMessages, "data: {\"type\":\"message_stop\"}\n\n"));
  EXPECT_FALSE(whole(wire::Api::kMessages, "data: {\"type\":\"response.completed\"}\n\n"));
  // Nothing is known of it, except that an event ends.
  EXPECT_TRUE(whole(wire::Api::kOther, "data: {\"a\":1}\n\n"));
  EXPECT_FALSE(whole(wire::Api::kOther, "data: {\"a\":1"));
}

TEST(AnswerBody, IsOverWhereTheStreamSaysSo) {
  AnswerBody events = body_of(BodyKind::kEvents);
  std::string out;
  events.feed(kFinish, out);
  EXPECT_FALSE(events.is_over());
  events.feed("data: [DONE]\n\n", out);
  EXPECT_TRUE(events.is_over());
  EXPECT_FALSE(body_of(BodyKind::kJson).is_over());
}

// A session's model is the session's.
TEST(AnswerBody, NamesTheModelWhereTheApiHasIt) {
  AnswerBody::Options options;
  options.api = wire::Api::kRealtime;
  options.model = "p/m";
  AnswerBody json(BodyKind::kJson, options);
  EXPECT_EQ(pass(json, R"({"value":"ek","session":{"type":"realtime","model":"m"}})").text,
            R"({"value":"ek","session":{"type":"realtime","model":"p/m"}})");
  AnswerBody odd(BodyKind::kJson, options);
  EXPECT_EQ(pass(odd, R"({"session":"model","x":{"model":"m"}})").text,
            R"({"session":"model","x":{"model":"m"}})");
  AnswerBody none(BodyKind::kJson, options);
  EXPECT_EQ(pass(none, R"({"session":null})").text, R"({"session":null})");
}

TEST(AnswerBody, TakesAnObjectThatBreaksOffForCutInEveryFraming) {
  AnswerBody framed = body_of(BodyKind::kJson);
  EXPECT_TRUE(pass(framed, R"([{"model":"m")").whole);
  AnswerBody broken = body_of(BodyKind::kJson);
  EXPECT_FALSE(pass(broken, R"({"model":"m")").whole);
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
  const wire::Usage read{.prompt_tokens = 3, .completion_tokens = 4, .total_tokens = 7};
  EXPECT_EQ(json.usage(), read);
  AnswerBody events = body_of(BodyKind::kEvents);
  pass(events, kFinish);
  EXPECT_EQ(events.usage(), std::nullopt);
  AnswerBody other = body_of(BodyKind::kVerbatim);
  EXPECT_EQ(other.usage(), std::nullopt);
}

TEST(AnswerBody, TellsHowAnErrorCanBeAddedToAStream) {
  using ErrorEvent = Responder::ErrorEvent;
  AnswerBody::Options options;
  options.event_bytes_max = 20;
  AnswerBody events(BodyKind::kEvents, options);
  std::string out;
  EXPECT_EQ(events.error_event(), ErrorEvent::kBetweenEvents);
  events.feed("data: {\"a\"", out);
  EXPECT_EQ(events.error_event(), ErrorEvent::kBetweenEvents);
  events.feed(": \"0123456789", out);
  EXPECT_EQ(events.error_event(), ErrorEvent::kInsideEvent);
  events.feed("\"}\n\ndata: {\"error\":\"x\"}\n\n", out);
  EXPECT_EQ(events.error_event(), ErrorEvent::kNone);
}

// faults-measured 13
TEST(AnswerBody, CountsNoHeartbeatAsProgress) {
  AnswerBody events = body_of(BodyKind::kEvents);
  std::string out;
  for (std::string_view heartbeat : {": ping\n\n", ":\n", "data:\n\n", "data: {}\n\n",
                                     "event: ping\ndata: {\"type\":\"ping\"}\n\n", "retry: 10\n\n",
                                     "\n\n", "data: {\"choices\":[]}\n\n"}) {
    events.feed(heartbeat, out);
    EXPECT_EQ(events.progress(), 0U) << heartbeat;
  }
  events.feed(kDelta, out);
  EXPECT_EQ(events.progress(), 1U);
  AnswerBody json = body_of(BodyKind::kJson);
  json.feed("\n \n", out);
  EXPECT_EQ(json.progress(), 0U);
  json.feed("{", out);
  EXPECT_EQ(json.progress(), 1U);
}

}  // namespace
}  // namespace penstock::gateway
