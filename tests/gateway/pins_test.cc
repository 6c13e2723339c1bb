// Requests that belong to one upstream, which alone has what they refer to.
//
// Numbers in comments are those of the acceptance cases of model routes (docs/routing.md).

#include <cstdio>
#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

using OnPinnedDown = config::AffinityRules::OnPinnedDown;

class PinsTest : public RoutedGateway {
 protected:
  static std::string respond(std::string_view more, std::string_view model = "smart",
                             std::string_view fields = "") {
    return post("/v1/responses",
                R"({"model":")" + std::string(model) + R"(",)" + std::string(more) + "}", fields);
  }
  static std::string follow_up(std::string_view id) {
    return respond(R"("previous_response_id":")" + std::string(id) + R"(","input":"more")");
  }
  static std::string sealed_item(std::string_view content) {
    return R"({"type":"reasoning","id":"rs_)" + std::string(content) +
           R"(","encrypted_content":")" + std::string(content) + R"("})";
  }
  static std::string sealed_input(std::string_view content) {
    return respond(R"("input":[{"role":"user","content":"hi"},)" + sealed_item(content) +
                   R"(,{"role":"user","content":"more"}])");
  }
  static std::string response(std::string_view id, std::string_view items = "") {
    return R"({"id":")" + std::string(id) +
           R"(","object":"response","status":"completed","model":"m","output":[)" +
           std::string(items) + "]}";
  }
  static Act answers(std::string_view id, std::string_view items = "") {
    return Act::answer(200, response(id, items));
  }
  static std::string get(std::string_view path, std::string_view fields = "",
                         std::string_view method = "GET") {
    return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" +
           std::string(fields) + "\r\n";
  }

  // A route whose requests go to `a` first, and what `b` has answered once.
  config::ModelRoute& pinned_route(OnPinnedDown rule = OnPinnedDown::kError) {
    config::ModelRoute& added = route();
    added.rules.affinity.on_pinned_down = rule;
    return added;
  }
  void let_b_answer(const Act& act) {
    a().next.push_back(Act::error(500));
    b().next.push_back(act);
    ASSERT_EQ(ask(respond(R"("input":"hi")")).field("x-penstock-target"), "b/m");
    a().always = answers("resp_of_a");
    b().always = answers("resp_of_b");
  }
};

// 47
TEST_F(PinsTest, APreviousResponseIsAskedForWhereItIsStored) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1"));
  EXPECT_EQ(ask(respond(R"("input":"hi")")).field("x-penstock-target"), "a/m");
  for (int i = 0; i < 3; ++i) {
    const Reply reply = ask(follow_up("resp_1"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  }
  EXPECT_EQ(ask(follow_up("resp_unknown")).field("x-penstock-target"), "a/m");
}

// 46
TEST_F(PinsTest, SealedItemsGoToWhoHasSealedThem) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1", sealed_item("gAAA")));
  const Reply reply = ask(sealed_input("gAAA"));
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.field("x-penstock-modified"), "");
  EXPECT_NE(b().got.back().find("gAAA"), std::string::npos);
  EXPECT_EQ(ask(sealed_input("gBBB")).field("x-penstock-target"), "a/m");
}

TEST_F(PinsTest, StreamsTellWhatTheirTargetHas) {
  pinned_route();
  start();
  const std::string created =
      R"({"type":"response.created","response":{"id":"resp_1","output":[]}})";
  const std::string item =
      R"({"type":"response.output_item.done","item":)" + sealed_item("gAAA") + "}";
  const std::string text = R"({"type":"response.output_text.delta","delta":"hello"})";
  const std::string completed =
      R"({"type":"response.completed","response":)" + response("resp_1", sealed_item("gCCC")) + "}";
  a().next.push_back(Act::error(500));
  b().next.push_back(Act::stream({created, text, item, completed}));
  const Reply reply = ask(respond(R"("input":"hi","stream":true)"));
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_TRUE(reply.ended);
  a().always = answers("resp_of_a");
  b().always = answers("resp_of_b");
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "b/m");
  EXPECT_EQ(ask(sealed_input("gAAA")).field("x-penstock-target"), "b/m");
  EXPECT_EQ(ask(sealed_input("gCCC")).field("x-penstock-target"), "b/m");
}

TEST_F(PinsTest, AStreamThatArrivesInPiecesTellsTheSame) {
  pinned_route();
  start();
  const std::string event =
      R"(data: {"type":"response.created","response":{"id":"resp_1","output":[]}})"
      "\n\n"
      R"(data: {"type":"response.completed","response":)" +
      response("resp_2") + "}\n\n";
  Act act = Act::begin_stream();
  for (const char byte : event)
    act.then(std::string("1\r\n") + byte + "\r\n").wait(milliseconds(1));
  a().next.push_back(Act::error(500));
  b().next.push_back(act.then("0\r\n\r\n"));
  Client& client = begin(respond(R"("input":"hi","stream":true)"));
  pass(seconds(2));
  EXPECT_TRUE(client.reply().ended);
  a().always = answers("resp_of_a");
  b().always = answers("resp_of_b");
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "b/m");
  EXPECT_EQ(ask(follow_up("resp_2")).field("x-penstock-target"), "b/m");
}

TEST_F(PinsTest, ALastEventWithoutItsEmptyLineTellsTheSame) {
  pinned_route();
  start();
  const std::string event =
      R"(data: {"type":"response.completed","response":)" + response("resp_1") + "}\n";
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", event.size());
  a().next.push_back(Act::error(500));
  b().next.push_back(Act::begin_stream().then(size + event + "\r\n0\r\n\r\n"));
  ASSERT_TRUE(ask(respond(R"("input":"hi","stream":true)")).ended);
  a().always = answers("resp_of_a");
  b().always = answers("resp_of_b");
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "b/m");
}

// 46
TEST_F(PinsTest, ARequestWhosePinnedTargetIsDownIsAnError) {
  pinned_route().fallbacks.any = {"other"};
  route("c", "other");
  start();
  let_b_answer(answers("resp_1", sealed_item("gAAA")));
  b().refuses = true;
  for (auto& provider : providers) provider->close_idle();
  const std::size_t served = a().served();
  for (const std::string& request : {follow_up("resp_1"), sealed_input("gAAA")}) {
    Client& client = begin(request);
    pass(seconds(10));
    const Reply reply = client.reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.body.find("pinned_target_unavailable"), std::string::npos) << reply.body;
    EXPECT_NE(reply.field("Retry-After"), "");
  }
  EXPECT_EQ(a().served(), served);
  EXPECT_EQ(c().served(), 0u);
}

TEST_F(PinsTest, ARequestWhosePinnedTargetIsCoolingLearnsForHowLong) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1"));
  b().next.push_back(Act::error(429, "rate_limit_exceeded", "Retry-After: 30\r\n"));
  const Reply limited = ask(follow_up("resp_1"));
  EXPECT_EQ(limited.status, 429);
  EXPECT_NE(limited.body.find("rate_limit_exceeded"), std::string::npos);
  pass(seconds(10));
  const Reply reply = ask(follow_up("resp_1"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.body.find("pinned_target_unavailable"), std::string::npos) << reply.body;
  EXPECT_EQ(reply.field("Retry-After"), "20");
  pass(seconds(21));
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "b/m");
}

TEST_F(PinsTest, APinnedRequestMayGoElsewhereIfTheRouteAllowsIt) {
  pinned_route(OnPinnedDown::kAny);
  start();
  let_b_answer(answers("resp_1", sealed_item("gAAA")));
  b().refuses = true;
  for (auto& provider : providers) provider->close_idle();
  for (const std::string& request : {follow_up("resp_1"), sealed_input("gAAA")}) {
    const Reply reply = ask(request);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("x-penstock-target"), "a/m");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    EXPECT_EQ(reply.field("x-penstock-modified"), "");
  }
  EXPECT_NE(a().got.back().find("gAAA"), std::string::npos);
}

// 46
TEST_F(PinsTest, SealedItemsAreLeftOutForAnotherTargetIfTheRouteAllowsIt) {
  pinned_route(OnPinnedDown::kStrip);
  start();
  let_b_answer(answers("resp_1", sealed_item("gAAA")));
  b().refuses = true;
  for (auto& provider : providers) provider->close_idle();
  const Reply reply = ask(sealed_input("gAAA"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "a/m");
  EXPECT_EQ(reply.field("x-penstock-modified"), "encrypted_content");
  EXPECT_EQ(a().got.back(), R"({"model":"m","input":[{"role":"user","content":"hi"},)"
                            R"({"role":"user","content":"more"}]})");
  // What is stored elsewhere cannot be left out.
  Client& client = begin(follow_up("resp_1"));
  pass(seconds(10));
  EXPECT_EQ(client.reply().status, 503);
}

TEST_F(PinsTest, ItemsThatATargetCannotOpenAreLeftOutOnceIfTheRouteAllowsIt) {
  pinned_route(OnPinnedDown::kStrip);
  start();
  a().next.push_back(Act::error(400, "invalid_encrypted_content"));
  const Reply reply = ask(sealed_input("gXXX"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-modified"), "encrypted_content");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
  a().next.push_back(Act::error(400, "invalid_encrypted_content"));
  a().next.push_back(Act::error(400, "invalid_encrypted_content"));
  EXPECT_EQ(ask(sealed_input("gXXX")).status, 400);
  EXPECT_EQ(b().served(), 0u);
}

TEST_F(PinsTest, ItemsThatATargetCannotOpenAreAnErrorElse) {
  pinned_route();
  start();
  a().next.push_back(Act::error(400, "invalid_encrypted_content"));
  const Reply reply = ask(sealed_input("gXXX"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
}

// 2
TEST_F(PinsTest, ATargetThatDrainsKeepsItsSessions) {
  config::ModelRoute& added = route();
  added.targets[1].weight = 0;
  start();
  b().next.push_back(answers("resp_1"));
  b().always = answers("resp_of_b");
  a().always = answers("resp_of_a");
  EXPECT_EQ(ask(post("/p/b/v1/responses", R"({"model":"m","input":"hi"})")).status, 200);
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "b/m");
  EXPECT_EQ(ask(respond(R"("input":"hi")")).field("x-penstock-target"), "a/m");
}

TEST_F(PinsTest, AProviderThatTheClientNamesPrecedesAPin) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1"));
  const std::string body = R"("previous_response_id":"resp_1","input":"more")";
  EXPECT_EQ(ask(respond(body, "smart", "x-penstock-provider: a\r\n")).field("x-penstock-target"),
            "a/m");
}

TEST_F(PinsTest, ATargetOutsideOfTheRouteIsNotKnown) {
  pinned_route();
  route("c", "other");
  start();
  c().next.push_back(answers("resp_c"));
  ASSERT_EQ(ask(respond(R"("input":"hi")", "other")).field("x-penstock-target"), "c/m");
  a().always = answers("resp_of_a");
  EXPECT_EQ(ask(follow_up("resp_c")).field("x-penstock-target"), "a/m");
}

TEST_F(PinsTest, MessagesAreNotPinned) {
  route();
  start();
  a().next.push_back(Act::error(500));
  b().next.push_back(Act::answer(
      200, R"({"id":"msg_1","type":"message","model":"m","content":[{"type":"thinking",)"
           R"("thinking":"x","signature":"c2ln"}]})"));
  const std::string first = R"({"model":"smart","max_tokens":9,"messages":[]})";
  ASSERT_EQ(ask(post("/v1/messages", first)).field("x-penstock-target"), "b/m");
  const std::string next =
      R"({"model":"smart","max_tokens":9,"messages":[{"role":"assistant","content":)"
      R"([{"type":"thinking","thinking":"x","signature":"c2ln"}]}]})";
  EXPECT_EQ(ask(post("/v1/messages", next)).field("x-penstock-target"), "a/m");
  EXPECT_EQ(pins->size(), 0u);
}

TEST_F(PinsTest, AreForgottenAfterADay) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1"));
  pass(std::chrono::hours(23));
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "b/m");
  pass(std::chrono::hours(25));
  EXPECT_EQ(ask(follow_up("resp_1")).field("x-penstock-target"), "a/m");
}

TEST_F(PinsTest, TakeBoundedMemory) {
  pin_limits = {.bytes = 16 * routing::Pins::kEntryBytes, .shards = 1};
  pinned_route();
  start();
  for (int i = 0; i < 100; ++i) {
    b().next.push_back(answers("resp_" + std::to_string(i)));
    ASSERT_EQ(ask(respond(R"("input":"hi")", "smart", "x-penstock-provider: b\r\n")).status, 200);
  }
  EXPECT_EQ(pins->size(), 16u);
  a().always = answers("resp_of_a");
  b().always = answers("resp_of_b");
  EXPECT_EQ(ask(follow_up("resp_99")).field("x-penstock-target"), "b/m");
  EXPECT_EQ(ask(follow_up("resp_0")).field("x-penstock-target"), "a/m");
}

TEST_F(PinsTest, HostileIdsDoNoHarm) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1"));
  const std::string escaped = R"(resp_\u0031)";
  EXPECT_EQ(ask(follow_up(escaped)).field("x-penstock-target"), "b/m");
  const std::string large(60'000, 'x');
  for (const std::string& id : {std::string(), std::string(R"(\u0000)"), std::string(R"(\ud800)"),
                                large, std::string("../../resp_1"), std::string("resp_1 ")}) {
    const Reply reply = ask(follow_up(id));
    EXPECT_EQ(reply.status, 200) << id.substr(0, 20);
    EXPECT_EQ(reply.field("x-penstock-target"), "a/m");
  }
  std::string many = sealed_item("gAAA");
  for (int i = 0; i < 3'000; ++i) many += R"(,{"id":"x)" + std::to_string(i) + R"("})";
  EXPECT_EQ(ask(respond(R"("input":[)" + many + "]")).status, 200);
  EXPECT_EQ(ask(respond(R"("previous_response_id":{"id":[]},"input":"x")")).status, 200);
}

// Objects that one provider has.

TEST_F(PinsTest, AStoredResponseIsFoundByItsId) {
  pinned_route();
  start();
  let_b_answer(answers("resp_1"));
  EXPECT_EQ(ask(get("/v1/responses/resp_1")).status, 200);
  EXPECT_EQ(ask(get("/v1/responses/resp_1/input_items")).status, 200);
  EXPECT_EQ(ask(get("/v1/responses/resp%5F1", "", "DELETE")).status, 200);
  EXPECT_EQ(b().served(), 4u);
  EXPECT_NE(b().heads.back().find("Authorization: Bearer key-of-upstream-b"), std::string::npos)
      << b().heads.back();
  const Reply unknown = ask(get("/v1/responses/resp_2"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("x-penstock-provider"), std::string::npos);
  EXPECT_EQ(ask(get("/v1/responses/resp_1", "x-penstock-provider: c\r\n")).status, 200);
  EXPECT_EQ(c().served(), 1u);
}

TEST_F(PinsTest, AConversationIsFoundByItsId) {
  start();
  c().next.push_back(Act::answer(200, R"({"id":"conv_1","object":"conversation"})"));
  EXPECT_EQ(ask(post("/v1/conversations", "{}", "x-penstock-provider: c\r\n")).status, 200);
  EXPECT_EQ(ask(get("/v1/conversations/conv_1/items")).status, 200);
  EXPECT_EQ(ask(post("/v1/conversations/conv_1/items", R"({"items":[]})")).status, 200);
  EXPECT_EQ(ask(post("/v1/responses", R"({"conversation":"conv_1","prompt":{"id":"p"}})")).status,
            200);
  EXPECT_EQ(c().served(), 4u);
  EXPECT_EQ(ask(get("/v1/conversations/conv_2/items")).status, 400);
}

TEST_F(PinsTest, AResponseOfAModelOfOneProviderIsFoundByItsId) {
  start();
  b().next.push_back(answers("resp_1"));
  ASSERT_EQ(ask(post("/p/b/v1/responses", R"({"model":"m","input":"hi"})")).status, 200);
  b().next.push_back(
      Act::stream({R"({"type":"response.created","response":{"id":"resp_2","output":[]}})",
                   R"({"type":"response.completed","response":)" + response("resp_2") + "}"}));
  ASSERT_TRUE(ask(post("/p/b/v1/responses", R"({"model":"m","input":"hi","stream":true})")).ended);
  EXPECT_EQ(ask(get("/v1/responses/resp_1")).status, 200);
  EXPECT_EQ(ask(get("/v1/responses/resp_2")).status, 200);
  EXPECT_EQ(b().served(), 4u);
}

TEST_F(PinsTest, AFileIsFoundByItsIdInABody) {
  settings->providers[2].any_path = true;
  start();
  c().next.push_back(Act::answer(200, R"({"id":"file-1","object":"file"})"));
  ASSERT_EQ(ask(post("/p/c/v1/files", "{}")).status, 200);
  const std::string body =
      R"({"prompt":{"id":"p"},"input":[{"role":"user","content":[{"type":"input_file",)"
      R"("file_id":"file-1"}]}]})";
  EXPECT_EQ(ask(post("/v1/responses", body)).status, 200);
  EXPECT_EQ(c().served(), 2u);
}

TEST_F(PinsTest, AnErrorIsNoObject) {
  start();
  c().next.push_back(Act::answer(400, R"({"id":"conv_1","object":"conversation"})"));
  EXPECT_EQ(ask(post("/v1/conversations", "{}", "x-penstock-provider: c\r\n")).status, 400);
  EXPECT_EQ(ask(get("/v1/conversations/conv_1")).status, 400);
  EXPECT_EQ(pins->size(), 0u);
}

}  // namespace
}  // namespace penstock::gateway
