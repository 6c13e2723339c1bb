// How messages are cut, framed and pipelined, on both sides of the server.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/gateway_test.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

// A stream in whose text the model's values are marked as «m1»; these are not part of it.
struct MarkedStream {
  std::string sent;
  // What must have come out when the first n bytes have gone in: everything but the beginning of a
  // model's value whose end has not arrived.
  std::vector<std::string> received;

  explicit MarkedStream(std::string_view marked);
};

MarkedStream::MarkedStream(std::string_view marked) {
  constexpr std::string_view kOpen = "«";
  constexpr std::string_view kClose = "»";
  std::string out;
  received.push_back(out);
  bool inside = false;
  while (!marked.empty()) {
    if (marked.starts_with(kOpen)) {
      inside = true;
      marked.remove_prefix(kOpen.size());
      continue;
    }
    sent += marked.front();
    marked.remove_prefix(1);
    const bool ends = inside && marked.starts_with(kClose);
    if (!inside) out += sent.back();
    if (ends) {
      out += "\"passthrough/m1\"";
      inside = false;
      marked.remove_prefix(kClose.size());
    }
    received.push_back(out);
  }
}

class StreamCuts : public GatewayTest, public ::testing::WithParamInterface<std::string> {};

// The part of `text` that a client can use: events that have ended, and comments between them.
std::string ended_events(std::string_view text) {
  std::size_t ended = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  bool open = false;
  for (std::size_t at = ended; at < text.size();) {
    const std::size_t stop = text.find_first_of("\r\n", at);
    if (stop == std::string_view::npos) break;
    const bool empty = stop == at;
    if (!empty && text[at] != ':') open = true;
    if (empty) open = false;
    at = text.substr(stop).starts_with("\r\n") ? stop + 2 : stop + 1;
    if (!open) ended = at;
  }
  return std::string(text.substr(0, ended));
}

// At each byte the upstream waits until the client has seen everything that it can use: no event
// that has ended is held back, and the output does not depend on the cut.
TEST_P(StreamCuts, NoEndedEventIsHeldBackAndNothingChangesAtAnyByte) {
  const MarkedStream stream(GetParam());
  RawClient client = connect();
  for (std::size_t cut = 0; cut <= stream.sent.size(); ++cut) {
    SCOPED_TRACE(cut);
    const auto seen = std::make_shared<Latch>();
    Script script = Script().send(stream_head());
    if (cut > 0) std::move(script).send(chunk(stream.sent.substr(0, cut)));
    std::move(script).pause(seen);
    if (cut < stream.sent.size()) std::move(script).send(chunk(stream.sent.substr(cut)));
    upstream.answer_next(std::move(script).send(kLastChunk));
    ASSERT_TRUE(client.send(chat(Answer::kStream)));
    ASSERT_EQ(client.read_head().status, 200);
    const std::string before = ended_events(stream.received[cut]);
    ASSERT_EQ(client.read_body(before.size()), before);
    seen->release();
    const RawClient::Rest rest = client.read_rest();
    ASSERT_TRUE(rest.complete);
    ASSERT_EQ(before + rest.body, stream.received.back());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, StreamCuts,
    ::testing::Values(
        // Line feeds, letters of several bytes, and no model in the second event.
        "data: {\"model\":«\"m1\"»,\"text\":\"日本😀\"}\n\ndata: {\"a\":1}\n\ndata: [DONE]\n\n",
        // Carriage returns with line feeds, comments, other fields, no space after the colon.
        ": ping\r\n\r\nid: 7\r\nevent: chunk\r\ndata:{\"model\" : «\"m\\u0031\"» }\r\n\r\n"
        "data: [DONE]\r\n\r\n",
        // Carriage returns alone.
        "data: {\"x\":[{\"model\":\"no\"}],\"model\":«\"m1\"»}\r\rdata: [DONE]\r\r",
        // Data in several lines, a byte order mark, and no line end at the last event.
        "\xEF\xBB\xBF"
        "data: {\"a\": 1,\ndata:  \"model\":\ndata: «\"m1\"»}\n\n"
        "data: {\"model\":«\"m1\"»,\"choices\":[{\"finish_reason\":\"stop\"}]}"));

TEST_F(GatewayTest, AWholeAnswerIsTheSameAtEveryCut) {
  const std::string all = json_answer(200, chat_answer_body());
  RawClient client = connect();
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    upstream.answer_next(Script().send(all.substr(0, cut)).send(all.substr(cut)));
    const WholeAnswer answer = client.ask(chat(Answer::kWhole));
    ASSERT_EQ(answer.status(), 200) << cut;
    ASSERT_EQ(answer.body, chat_answer_body("passthrough/m1")) << cut;
    ASSERT_FALSE(answer.chunked());
  }
  EXPECT_EQ(upstream.used_connections(), 1U);
}

TEST_F(GatewayTest, ARequestIsTheSameAtEveryCut) {
  RawClient client = connect();
  const std::string request = chat(Answer::kWhole);
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    ASSERT_TRUE(client.send(request.substr(0, cut)));
    ASSERT_TRUE(client.send(request.substr(cut)));
    ASSERT_EQ(client.read_answer().status(), 200) << cut;
    ASSERT_EQ(upstream.wait_for_request(cut - 1).body, chat_body("m1")) << cut;
  }
}

TEST_F(GatewayTest, BytesThatAreNoUtf8PassAsTheyAre) {
  const std::string body = event("{\"x\":\"\xff\xfe\xc3\"}") + std::string(kDone);
  upstream.answer_next(Script().send(stream_head() + chunk(body)).send(kLastChunk));
  EXPECT_EQ(connect().ask(chat(Answer::kStream)).body, body);
}

TEST_F(GatewayTest, DoneIsTakenOutWhereTheConfigurationSaysSo) {
  settings.server.sse_done = config::SseDone::kStrip;
  const std::string events = chat_events();
  upstream.answer_next(Script().send(stream_head() + chunk(events)).send(kLastChunk));
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_TRUE(answer.complete);
  const std::string renamed = chat_events("passthrough/m1");
  EXPECT_EQ(answer.body, renamed.substr(0, renamed.size() - kDone.size()));
}

TEST_F(GatewayTest, AnAnswerWithoutABodyHasNoFraming) {
  upstream.answer_next(Script().send("HTTP/1.1 204 No Content\r\n\r\n"));
  RawClient client = connect();
  const WholeAnswer answer = client.ask(chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 204);
  EXPECT_FALSE(answer.head.find("transfer-encoding").has_value());
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
}

TEST_F(GatewayTest, InterimAnswersOfTheUpstreamAreNotPassedOn) {
  upstream.answer_next(Script()
                           .send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                           .send(json_answer(200, chat_answer_body())));
  const WholeAnswer answer = connect().ask(chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_FALSE(answer.head.find("link").has_value());
}

// --- Clients ---

TEST_F(GatewayTest, AClientThatWaitsForAContinueGetsOne) {
  const std::string request = post(kChatPath, chat_body(), {{"Expect", "100-continue"}});
  const std::size_t head_bytes = request.find("\r\n\r\n") + 4;
  RawClient client = connect();
  ASSERT_TRUE(client.send(request.substr(0, head_bytes)));
  EXPECT_EQ(client.read_head().text, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask(request.substr(head_bytes)).status(), 200);
}

TEST_F(GatewayTest, AClientThatDoesNotWaitForItsContinueIsServed) {
  RawClient client = connect();
  ASSERT_TRUE(client.send(post(kChatPath, chat_body(), {{"Expect", "100-continue"}})));
  HeadText head = client.read_head();
  if (head.status == 100) head = client.read_head();
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(client.read_rest().complete);
}

TEST_F(GatewayTest, AContinueIsNotSentForARequestThatIsRefused) {
  settings.server.api_keys.push_back({"someone", Secret("a-key-of-many-letters")});
  std::string request = post(kChatPath, std::string(30'000, ' '), {{"Expect", "100-continue"}});
  request.resize(request.find("\r\n\r\n") + 4);
  expect_error(connect().ask(request), 401, "invalid_api_key");
}

TEST_F(GatewayTest, AnotherExpectationIsA417) {
  expect_error(connect().ask(post(kChatPath, chat_body(), {{"Expect", "miracles"}})), 417,
               "expectation_failed");
}

TEST_F(GatewayTest, RequestsSentInAdvanceAreAnsweredInOrder) {
  constexpr int kRequests = 50;
  upstream.answer_with([](const SeenRequest& request) {
    return Script().send(json_answer(
        200, fmt::format(R"({{"id":"{}","model":"m1"}})", *request.head.find("x-request-id"))));
  });
  std::string all;
  for (int i = 0; i < kRequests; ++i) {
    all += post(kChatPath, chat_body(), {{"x-request-id", fmt::format("number-{}", i)}});
  }
  RawClient client = connect();
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < kRequests; ++i) {
    const WholeAnswer answer = client.read_answer();
    EXPECT_EQ(answer.head.find("x-request-id"), fmt::format("number-{}", i));
    EXPECT_EQ(answer.body, fmt::format(R"({{"id":"number-{}","model":"passthrough/m1"}})", i));
  }
  EXPECT_EQ(upstream.requests().size(), std::size_t{kRequests});
}

TEST_F(GatewayTest, NothingAfterABrokenRequestIsServed) {
  const std::string broken = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n";
  std::string all = chat(Answer::kWhole) + chat(Answer::kStream);
  upstream.answer_next(Script().send(json_answer(200, chat_answer_body())));
  upstream.answer_next(Script().send(stream_head() + chunk(chat_events())).send(kLastChunk));
  all += broken;
  for (int i = 0; i < 5; ++i) all += chat(Answer::kWhole);
  RawClient client = connect();
  ASSERT_TRUE(client.send(all));
  EXPECT_EQ(client.read_answer().body, chat_answer_body("passthrough/m1"));
  EXPECT_EQ(client.read_answer().body, chat_events("passthrough/m1"));
  expect_error(client.read_answer(), 400, "malformed_request");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  EXPECT_EQ(client.unread(), "");
  EXPECT_EQ(upstream.requests().size(), 2U);
}

TEST_F(GatewayTest, ARequestAfterAChunkedBodyIsServed) {
  const std::string body = chat_body();
  const std::string request =
      fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{}{}",
                  kChatPath, chunk(body), kLastChunk);
  RawClient client = connect();
  ASSERT_TRUE(client.send(request + request + get("/healthz")));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_answer().status(), 200);
  EXPECT_EQ(upstream.wait_for_request(1).body, chat_body("m1"));
}

TEST_F(GatewayTest, TrailersHaveNoEffect) {
  const std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n"
      "X-OGX-Provider-Data: {{\"passthrough_api_key\":\"stolen\"}}\r\n\r\n",
      kChatPath, chunk(chat_body()));
  RawClient client = connect();
  EXPECT_EQ(client.ask(request).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(0).head.text.find("stolen"), std::string::npos);
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
}

struct Ambiguous {
  const char* name;
  const char* fields;
  int status = 400;
};

class AmbiguousRequest : public GatewayTest, public ::testing::WithParamInterface<Ambiguous> {};

TEST_P(AmbiguousRequest, IsRefusedAndTheConnectionEnds) {
  RawClient client = connect();
  ASSERT_TRUE(client.send(fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n0\r\n\r\n{}",
                                      kChatPath, GetParam().fields, chat(Answer::kWhole))));
  EXPECT_EQ(client.read_answer().status(), GetParam().status);
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  EXPECT_EQ(client.unread(), "");
  EXPECT_TRUE(upstream.requests().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Framings, AmbiguousRequest,
    ::testing::Values(
        Ambiguous{"LengthAndChunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
        Ambiguous{"ChunksAndLength", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
        Ambiguous{"TwoLengths", "Content-Length: 5\r\nContent-Length: 5\r\n"},
        Ambiguous{"LengthList", "Content-Length: 5, 5\r\n"},
        Ambiguous{"SignedLength", "Content-Length: +5\r\n"},
        Ambiguous{"TwoCodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
        Ambiguous{"OtherCoding", "Transfer-Encoding: gzip\r\n", 501},
        Ambiguous{"FoldedField", "X: a\r\n b\r\nContent-Length: 0\r\n"},
        Ambiguous{"SpaceBeforeColon", "Content-Length : 5\r\n"},
        Ambiguous{"TwoHosts", "Host: elsewhere\r\nContent-Length: 0\r\n"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

class OldClient : public GatewayTest {
 protected:
  static std::string old_chat(Answer answer, std::string_view fields = "") {
    const std::string body = chat_body("passthrough/m1", answer);
    return fmt::format("POST {} HTTP/1.0\r\nContent-Length: {}\r\n{}\r\n{}", kChatPath, body.size(),
                       fields, body);
  }
};

TEST_F(OldClient, GetsAWholeAnswerWithALength) {
  RawClient client = connect();
  const WholeAnswer answer = client.ask(old_chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.head.find("content-length").has_value());
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

TEST_F(OldClient, KeepsItsConnectionWhereItAsksForThat) {
  RawClient client = connect();
  for (int i = 0; i < 2; ++i) {
    const WholeAnswer answer = client.ask(old_chat(Answer::kWhole, "Connection: keep-alive\r\n"));
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.head.find("connection"), "keep-alive");
  }
}

TEST_F(OldClient, GetsAStreamUntilTheConnectionEnds) {
  upstream.answer_next(Script().send(stream_head() + chunk(chat_events())).send(kLastChunk));
  RawClient client = connect();
  const WholeAnswer answer = client.ask(old_chat(Answer::kStream, "Connection: keep-alive\r\n"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_FALSE(answer.chunked());
  EXPECT_EQ(answer.head.find("connection").value_or("close"), "close");
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, chat_events("passthrough/m1"));
}

TEST_F(OldClient, SeesThatABrokenStreamIsNotWhole) {
  const std::string first = event(chat_delta("one"));
  upstream.answer_next(Script().send(stream_head() + chunk(first)).close());
  const WholeAnswer answer = connect().ask(old_chat(Answer::kStream));
  const std::vector<std::string> events = events_of(answer.body);
  ASSERT_EQ(events.size(), 2U) << answer.body;
  EXPECT_EQ(events[0], event(chat_delta("one", "passthrough/m1")));
  EXPECT_EQ(error_code_of(std::string_view(events[1]).substr(6)), "upstream_reset");
}

TEST_F(OldClient, IsCutOffWithAResetWhereALargeAnswerBreaks) {
  limits().answer_buffer_bytes = 1000;
  const std::string all = json_answer(200, R"({"x":")" + std::string(5000, 'x') + "\"}");
  upstream.answer_next(Script().send(all.substr(0, all.size() - 1)).close());
  const WholeAnswer answer = connect().ask(old_chat(Answer::kWhole));
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.end, Io::kReset);
}

// --- Connections ---

TEST_F(GatewayTest, OneConnectionOnEachSideServesManyRequests) {
  RawClient client = connect();
  for (int i = 0; i < 20; ++i) {
    if (i % 2 == 1) {
      upstream.answer_next(Script().send(stream_head() + chunk(chat_events())).send(kLastChunk));
    }
    const WholeAnswer answer = client.ask(chat(i % 2 == 1 ? Answer::kStream : Answer::kWhole));
    EXPECT_EQ(answer.status(), 200);
    EXPECT_TRUE(answer.complete);
    EXPECT_NE(answer.head.find("connection"), "close");
  }
  EXPECT_EQ(upstream.used_connections(), 1U);
}

TEST_F(GatewayTest, AnErrorOfTheUpstreamCostsNoConnection) {
  RawClient client = connect();
  for (const int status : {429, 500, 404}) {
    upstream.answer_next(Script().send(json_answer(status, R"({"error":{"message":"no"}})")));
    EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), status);
  }
  EXPECT_EQ(upstream.used_connections(), 1U);
}

TEST_F(GatewayTest, ARequestThatIsRefusedLeavesTheConnectionOfUse) {
  RawClient client = connect();
  EXPECT_EQ(client.ask(post(kChatPath, "no json")).status(), 400);
  EXPECT_EQ(client.ask(get("/v1/nothing")).status(), 404);
  EXPECT_EQ(client.ask(chat(Answer::kWhole, "nobody/knows")).status(), 404);
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
}

TEST_F(GatewayTest, AClientThatAsksForItsConnectionsEndGetsIt) {
  RawClient client = connect();
  const WholeAnswer answer = client.ask(post(kChatPath, chat_body(), {{"Connection", "close"}}));
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

TEST_F(GatewayTest, AConnectionThatTheUpstreamEndsIsNotUsedAgain) {
  const std::string body = chat_answer_body();
  upstream.answer_next(Script().send(json_answer(200, body, {{"Connection", "close"}})));
  RawClient client = connect();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(upstream.used_connections(), 2U);
}

TEST_F(GatewayTest, AConnectionThatTheUpstreamClosedWhileIdleIsNotUsed) {
  RawClient client = connect();
  constexpr std::size_t kRounds = 30;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const auto idle = std::make_shared<Latch>();
    Script script = Script().send(json_answer(200, chat_answer_body())).pause(idle);
    upstream.answer_next(i % 2 == 0 ? std::move(script).close() : std::move(script).reset());
    ASSERT_EQ(client.ask(chat(Answer::kWhole)).status(), 200) << i;
    idle->release();
    ASSERT_TRUE(upstream.wait_until_over(i));
  }
  // Every request arrived once, on a separate connection.
  EXPECT_EQ(upstream.requests().size(), kRounds);
  EXPECT_EQ(upstream.used_connections(), kRounds);
}

TEST_F(GatewayTest, WhatAnUpstreamSendsUnaskedReachesNobody) {
  const auto idle = std::make_shared<Latch>();
  const std::string unasked = json_answer(200, R"({"id":"unasked"})");
  upstream.answer_next(
      Script().send(json_answer(200, chat_answer_body())).pause(idle).send(unasked));
  RawClient client = connect();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  idle->release();
  // The connection is closed as soon as something arrives on it.
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).body, chat_answer_body("passthrough/m1"));
}

TEST(Tls, PassesWholeAnswersAndStreamsOnBothSides) {
  const TestPki pki;
  ScriptedUpstream upstream(pki.server_context());
  config::Settings settings = passthrough_settings(upstream.url());
  settings.providers.front().tls.ca_file = pki.ca_file();
  settings.server.tls_certfile = pki.certificate_file();
  settings.server.tls_keyfile = pki.key_file();
  TestService service(settings);
  RawClient client(service.port(), pki.client_context());
  for (int i = 0; i < 3; ++i) {
    upstream.answer_next(Script().send(json_answer(200, chat_answer_body())));
    upstream.answer_next(Script().send(stream_head() + chunk(chat_events())).send(kLastChunk));
    EXPECT_EQ(client.ask(chat(Answer::kWhole)).body, chat_answer_body("passthrough/m1"));
    EXPECT_EQ(client.ask(chat(Answer::kStream)).body, chat_events("passthrough/m1"));
  }
  EXPECT_EQ(upstream.used_connections(), 1U);
  // More than one TLS record, and more than the sockets hold, both ways.
  const std::string text(8'000'000, 'x');
  upstream.answer_next(Script().send(json_answer(200, R"({"x":")" + text + "\"}")));
  const WholeAnswer answer =
      client.ask(post(kChatPath, R"({"model":"passthrough/m1","x":")" + text + "\"}"));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, R"({"x":")" + text + "\"}");
  EXPECT_EQ(upstream.wait_for_request(6).body, R"({"model":"m1","x":")" + text + "\"}");
}

}  // namespace
}  // namespace penstock::testing
