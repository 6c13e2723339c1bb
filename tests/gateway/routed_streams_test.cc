// The start of a stream, which is held until its first content, for each API.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <string>
#include <vector>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

std::string named_event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

std::string response_event(std::string_view type, std::string_view more = "") {
  return named_event(type, R"({"type":")" + std::string(type) + R"(")" + std::string(more) + "}");
}

class RoutedStreamsTest : public RoutedGateway {
 protected:
  static std::string responses(bool streams = true) {
    return post("/v1/responses", std::string(R"({"model":"smart","input":"hi","stream":)") +
                                     (streams ? "true}" : "false}"));
  }
  static std::string messages(bool streams = true) {
    return post("/v1/messages",
                std::string(R"({"model":"smart","max_tokens":5,"messages":[{"role":"user",)") +
                    R"("content":"hi"}],"stream":)" + (streams ? "true}" : "false}"));
  }
  static Act response_stream() {
    return Act::stream({response_event("response.created", R"(,"response":{"model":"m"})"),
                        response_event("response.output_text.delta", R"(,"delta":"hello")"),
                        response_event("response.completed", R"(,"response":{"model":"m"})")});
  }
  static Act message_stream() {
    return Act::stream(
        {named_event("message_start", R"({"type":"message_start","message":{"model":"m"}})"),
         named_event("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{)"
                                            R"("type":"text_delta","text":"hello"}})"),
         named_event("message_stop", R"({"type":"message_stop"})")});
  }
};

// 33
TEST_F(RoutedStreamsTest, DropsAResponseThatFailsBeforeAnyContent) {
  route();
  start();
  a().next.push_back(Act::stream(
      {response_event("response.created", R"(,"response":{"id":"of_a","model":"m"})"),
       response_event("response.in_progress", R"(,"response":{"id":"of_a","model":"m"})"),
       response_event("response.failed", R"(,"response":{"id":"of_a","status":"failed",)"
                                         R"("error":{"code":"server_error","message":"no"}})")}));
  b().next.push_back(response_stream());
  const Reply reply = ask(responses());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.body.find("of_a"), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("hello"), std::string::npos);
  EXPECT_NE(reply.body.find("response.completed"), std::string::npos);
  EXPECT_TRUE(reply.ended);
}

// 34
TEST_F(RoutedStreamsTest, DropsAMessageThatIsOverloadedBeforeAnyContent) {
  route();
  start();
  a().next.push_back(Act::stream(
      {named_event("message_start", R"({"type":"message_start","message":{"id":"of_a"}})"),
       named_event("ping", R"({"type":"ping"})"),
       named_event("error", R"({"type":"error","error":{"type":"overloaded_error",)"
                            R"("message":"Overloaded"}})")}));
  b().next.push_back(message_stream());
  const Reply reply = ask(messages());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.body.find("of_a"), std::string::npos) << reply.body;
  EXPECT_EQ(reply.body.find("Overloaded"), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("hello"), std::string::npos);
}

TEST_F(RoutedStreamsTest, GivesAMessageThatIsLimitedItsStatusIfNobodyElseIsLeft) {
  route("a");
  start();
  const std::string error =
      R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})";
  a().always = Act::stream(
      {named_event("message_start", R"({"type":"message_start","message":{"id":"of_a"}})"),
       named_event("error", error)});
  const Reply reply = ask(messages());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body, error);
}

// 36
TEST_F(RoutedStreamsTest, SendsContentAtOnce) {
  route();
  start();
  Act act = Act::begin_stream();
  act.event(kHello).stall();
  a().next.push_back(act);
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("hello"), std::string::npos);
}

TEST_F(RoutedStreamsTest, HoldsTheHeadUntilThereIsContent) {
  route();
  start();
  Act act = Act::begin_stream();
  act.event(kRole).wait(seconds(3)).event(kHello).stall();
  a().next.push_back(act);
  Client& client = begin(stream());
  pass(milliseconds(2'990));
  EXPECT_EQ(client.reply().status, 0);
  pass(milliseconds(20));
  EXPECT_EQ(client.reply().status, 200);
  const std::string body = client.reply().body;
  EXPECT_LT(body.find("assistant"), body.find("hello")) << body;
}

TEST_F(RoutedStreamsTest, HoldsNothingOfTheLastAttempt) {
  route("a").rules.attempts = 1;
  start();
  Act act = Act::begin_stream();
  act.event(kRole).stall();
  a().next.push_back(act);
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("assistant"), std::string::npos);
}

// 37
TEST_F(RoutedStreamsTest, HoldsNoMoreBytesThanTheLimit) {
  route().rules.hold.bytes = 1'000;
  start();
  Act act = Act::begin_stream();
  act.event(kRole).wait(seconds(1)).event(": " + std::string(1'000, 'x') + "\n\n").stall();
  a().next.push_back(act);
  Client& client = begin(stream());
  EXPECT_EQ(client.reply().status, 0);
  pass(milliseconds(1'001));
  EXPECT_EQ(client.reply().status, 200);
}

TEST_F(RoutedStreamsTest, HoldsNoMoreEventsThanTheLimit) {
  route().rules.hold.events = 3;
  start();
  Act act = Act::begin_stream();
  act.event(kRole).event(kRole).wait(seconds(1)).event(kRole).stall();
  a().next.push_back(act);
  Client& client = begin(stream());
  EXPECT_EQ(client.reply().status, 0);
  pass(milliseconds(1'001));
  EXPECT_EQ(client.reply().status, 200);
}

// 38
TEST_F(RoutedStreamsTest, SendsAnEventThatItDoesNotKnowAtOnce) {
  route();
  start();
  Act act = Act::begin_stream();
  act.event(response_event("response.created", R"(,"response":{"model":"m"})"))
      .event(response_event("response.new_thing"))
      .stall();
  a().next.push_back(act);
  const Reply reply = ask(responses());
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("response.new_thing"), std::string::npos);
}

TEST_F(RoutedStreamsTest, AsksAnotherTargetIfAStreamBreaksOffBeforeAnyContent) {
  route();
  start();
  Act act = Act::begin_stream();
  act.event(kRole).reset();
  a().next.push_back(act);
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.status, 200);
}

TEST_F(RoutedStreamsTest, ServesEachApiByTheSameAttempts) {
  route();
  start();
  struct Case {
    std::string request;
    std::string answer;
  };
  const std::vector<Case> cases = {
      {post("/v1/embeddings", R"({"model":"smart","input":"hi"})"),
       R"({"object":"list","model":"%","data":[]})"},
      {responses(false), R"({"id":"r","object":"response","model":"%","output":[]})"},
      {messages(false), R"({"id":"g","type":"message","model":"%","content":[]})"},
      {post("/v1/completions", R"({"model":"smart","prompt":"hi"})"),
       R"({"id":"x","model":"%","choices":[]})"},
      {post("/v1/rerank", R"({"model":"smart","query":"q","documents":["d"]})"),
       R"({"model":"%","results":[]})"},
  };
  const auto with = [](std::string text, std::string_view model) {
    return text.replace(text.find('%'), 1, model);
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.answer);
    a().next.push_back(Act::error(500));
    b().next.push_back(Act::answer(200, with(each.answer, "m")));
    const Reply reply = ask(each.request);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    EXPECT_EQ(reply.body, with(each.answer, "smart"));
    EXPECT_NE(b().got.back().find(R"("model":"m")"), std::string::npos) << b().got.back();
  }
}

}  // namespace
}  // namespace penstock::gateway
