// An upstream that leaves: an answer that it breaks off never looks whole.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/gateway_test.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

// Longer than any test takes.
constexpr std::chrono::milliseconds kLong{60'000};

class UpstreamGone : public GatewayTest {
 protected:
  // Retries are the subject of retries_test.cc.
  void SetUp() override { settings.providers.front().retry_stale_connection = false; }

  // What a client gets if the upstream answers with this script.
  WholeAnswer answer_to(Script script, Answer kind = Answer::kWhole) {
    upstream.answer_next(std::move(script));
    return connect().ask(chat(kind));
  }
  // Opens a stream and reads two events of it.
  RawClient open_stream(Script script) {
    upstream.answer_next(std::move(script));
    RawClient client = connect();
    EXPECT_TRUE(client.send(chat(Answer::kStream)));
    EXPECT_EQ(client.read_head().status, 200);
    for (const char* content : {"one", "two"}) {
      EXPECT_EQ(client.read_event(), event(chat_delta(content, "passthrough/m1")));
    }
    return client;
  }
  static Script two_events() {
    return Script()
        .send(stream_head())
        .send(chunk(event(chat_delta("one"))))
        .send(chunk(event(chat_delta("two"))));
  }
};

TEST_F(UpstreamGone, BeforeItCouldBeReachedIsA502) {
  const RefusingPort nobody;
  settings = passthrough_settings("http://127.0.0.1:" + std::to_string(nobody.port()));
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_unreachable");
  expect_error(connect().ask(chat(Answer::kStream)), 502, "upstream_unreachable");
}

TEST_F(UpstreamGone, BeforeTheHeadIsA502) {
  expect_error(answer_to(Script().reset()), 502, "upstream_reset");
  expect_error(answer_to(Script().close()), 502, "upstream_reset");
  expect_error(answer_to(Script().close(), Answer::kStream), 502, "upstream_reset");
}

TEST_F(UpstreamGone, InsideTheHeadIsA502) {
  expect_error(answer_to(Script().send("HTTP/1.1 200 OK\r\nContent-Ty").close()), 502,
               "upstream_reset");
  expect_error(answer_to(Script().send("HTTP/1.1 200 OK\r\nContent-Ty").reset()), 502,
               "upstream_reset");
}

TEST_F(UpstreamGone, AfterABrokenExchangeTheConnectionStaysOfUse) {
  upstream.answer_next(Script().reset());
  RawClient client = connect();
  expect_error(client.ask(chat(Answer::kWhole)), 502, "upstream_reset");
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
}

TEST_F(UpstreamGone, ARequestThatHadArrivedIsNotSentTwice) {
  expect_error(answer_to(Script().reset()), 502, "upstream_reset");
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST_F(UpstreamGone, InsideAWholeAnswerIsA502) {
  const std::string all = json_answer(200, chat_answer_body());
  for (const std::size_t missing : {std::size_t{1}, std::size_t{30}}) {
    const std::string cut = all.substr(0, all.size() - missing);
    expect_error(answer_to(Script().send(cut).close()), 502, "upstream_reset");
    expect_error(answer_to(Script().send(cut).reset()), 502, "upstream_reset");
  }
}

TEST_F(UpstreamGone, InsideAChunkedWholeAnswerIsA502) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string whole_body = chunk(chat_answer_body());
  for (const std::string_view tail : {"", "0\r\n", "0\r\n\r"}) {
    const std::string cut = head + whole_body + std::string(tail);
    expect_error(answer_to(Script().send(cut).close()), 502, "upstream_reset");
  }
}

TEST_F(UpstreamGone, InsideAnAnswerWithoutALengthIsA502) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
  const std::string body = chat_answer_body();
  expect_error(answer_to(Script().send(head + body.substr(0, body.size() - 1)).close()), 502,
               "upstream_reset");
  EXPECT_EQ(answer_to(Script().send(head + body).close()).status(), 200);
}

TEST_F(UpstreamGone, InsideALargeAnswerCutsTheClientsConnection) {
  limits().answer_buffer_bytes = 1000;
  const std::string text = "{\"id\":\"" + std::string(5000, 'x') + "\"}";
  const std::string all = json_answer(200, text);
  upstream.answer_next(Script().send(all.substr(0, all.size() - 1)).close());
  RawClient client = connect();
  const WholeAnswer answer = client.ask(chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body, text.substr(0, answer.body.size()));
}

TEST_F(UpstreamGone, AnAnswerLongerThanItsLengthIsCutToItAndTheConnectionNotReused) {
  const std::string all = json_answer(200, chat_answer_body());
  upstream.answer_next(Script().send(all + "X"));
  RawClient client = connect();
  const WholeAnswer first = client.ask(chat(Answer::kWhole));
  EXPECT_EQ(first.status(), 200);
  EXPECT_EQ(first.body, chat_answer_body("passthrough/m1"));
  const WholeAnswer second = client.ask(chat(Answer::kWhole));
  EXPECT_EQ(second.status(), 200);
  EXPECT_EQ(second.body, chat_answer_body("passthrough/m1"));
  EXPECT_EQ(upstream.used_connections(), 2U);
}

TEST_F(UpstreamGone, InAStreamIsOneErrorEventAndACutConnection) {
  const auto latch = std::make_shared<Latch>();
  for (const bool by_reset : {false, true}) {
    Script script = two_events().pause(latch);
    RawClient client =
        open_stream(by_reset ? std::move(script).reset() : std::move(script).close());
    latch->release();
    expect_cut_stream(client.read_rest(), "upstream_reset");
  }
}

// faults-measured 15: a partial event would make the error unreadable to the clients' libraries.
TEST_F(UpstreamGone, InTheMiddleOfAnEventLeavesTheErrorEventAlone) {
  for (const char* begun : {"data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":\"thr",
                            "event: x\nda", "data: {\"a\":1}\n", "data: {\"model\":\"m"}) {
    RawClient client = open_stream(two_events().send(chunk(begun)).close());
    expect_cut_stream(client.read_rest(), "upstream_reset");
  }
  for (const char* begun : {"data: {\"a\":", "event: x\nda", "data: {\"model\":\"m"}) {
    RawClient client = open_stream(two_events().send(chunk(begun)).send(kLastChunk));
    expect_cut_stream(client.read_rest(), "upstream_reset");
  }
}

TEST_F(UpstreamGone, AfterALastEventWithoutItsEmptyLineTheErrorIsAnEventOfItsOwn) {
  const std::string last = "data: {\"a\":1}\n";
  RawClient client = open_stream(two_events().send(chunk(last)).send(kLastChunk));
  RawClient::Rest rest = client.read_rest();
  ASSERT_TRUE(rest.body.starts_with(last + "\n\n")) << rest.body;
  rest.body.erase(0, last.size() + 2);
  expect_cut_stream(rest, "upstream_reset");
}

// reported-failures 3.1, 3.5
TEST_F(UpstreamGone, AStreamWhoseChoicesHaveNotAllFinishedIsTakenForCut) {
  const std::string second = event(R"({"choices":[{"index":1,"delta":{},"finish_reason":null}]})");
  const std::string finish = event(chat_finish());
  for (const std::string& end :
       {event(R"({"choices":[{"index":0,"finish_reason":""}]})"), second + finish}) {
    RawClient client = open_stream(two_events().send(chunk(end)).send(kLastChunk));
    const RawClient::Rest rest = client.read_rest();
    EXPECT_FALSE(rest.complete);
    EXPECT_NE(rest.body.find("upstream_reset"), std::string::npos);
  }
}

// reported-failures 3.2. Not every client reads every error: the connection has to tell as well.
TEST_F(UpstreamGone, AfterItsOwnErrorNothingIsAddedAndTheConnectionIsCut) {
  std::size_t lines = 0;
  for (const std::string& error : {event(R"({"object":"error","message":"x","code":400})"),
                                   event(R"({"error":{"message":"overloaded","code":503}})"),
                                   "event: error\n" + event(R"({"message":"overloaded"})")}) {
    SCOPED_TRACE(error);
    for (const std::string& rest : {std::string(), chunk(kDone), chunk(event(chat_finish()))}) {
      Script script = two_events().send(chunk(error)).send(rest + std::string(kLastChunk));
      const RawClient::Rest ended = open_stream(std::move(script)).read_rest();
      EXPECT_FALSE(ended.complete);
      EXPECT_TRUE(ended.body.starts_with(error));
      EXPECT_EQ(ended.body.find("[DONE]"), std::string::npos);
      EXPECT_EQ(ended.body.find("upstream_reset"), std::string::npos);
      const std::string line = service().access_log(++lines).back();
      EXPECT_NE(line.find("\"ending\":\"upstream_error\""), std::string::npos) << line;
    }
    const auto broken = open_stream(two_events().send(chunk(error)).close()).read_rest();
    EXPECT_FALSE(broken.complete);
    EXPECT_EQ(broken.body, error);
    ++lines;
  }
}

TEST_F(UpstreamGone, ADoneThatNothingCameBeforeIsNotPassed) {
  timeouts().first_event = kLong;
  const Script script = Script().send(stream_head()).send(chunk(kDone)).send(kLastChunk);
  expect_error(answer_to(script, Answer::kStream), 502, "upstream_reset");
}

// reported-failures 3.6
TEST_F(UpstreamGone, AClientOfHttp10IsResetAfterABrokenStream) {
  const std::string own_error = event(R"({"error":{"code":"upstream_reset"}})");
  for (const std::string& last :
       {std::string(), std::string(kLastChunk), chunk(own_error) + std::string(kLastChunk)}) {
    upstream.answer_next(two_events().send(last).close());
    RawClient client = connect();
    const std::string body = chat_body();
    ASSERT_TRUE(client.send("POST " + std::string(kChatPath) + " HTTP/1.0\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body));
    EXPECT_EQ(client.read_head().status, 200);
    const RawClient::Rest rest = client.read_rest();
    EXPECT_FALSE(rest.complete);
    EXPECT_EQ(rest.end, Io::kReset);
    EXPECT_NE(rest.body.find("upstream_reset"), std::string::npos);
  }
}

TEST_F(UpstreamGone, AnObjectThatBreaksOffIsA502InEveryFraming) {
  const std::string half = chat_answer_body().substr(0, 60);
  expect_error(answer_to(Script().send(json_answer(200, half))), 502, "upstream_reset");
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_error(answer_to(Script().send(head + chunk(half)).send(kLastChunk)), 502,
               "upstream_reset");
}

TEST_F(UpstreamGone, BeforeTheFirstEventIsA502) {
  timeouts().first_event = kLong;
  for (const std::string& end : {std::string(), std::string(kLastChunk), chunk("data: {\"err")}) {
    expect_error(answer_to(Script().send(stream_head()).send(end).close(), Answer::kStream), 502,
                 "upstream_reset");
  }
}

// faults-measured 13
TEST_F(UpstreamGone, AnErrorBeforeAnyOtherEventHasItsOwnStatus) {
  timeouts().first_event = kLong;
  struct Row {
    std::string_view event;
    int status;
    std::string_view body;
  };
  for (const Row& row : {
           Row{"data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n", 429,
               R"({"error":{"message":"x","code":429}})"},
           Row{"data: {\"object\":\"error\",\"code\":400}\n\n", 400,
               R"({"object":"error","code":400})"},
           Row{"event: error\r\ndata: {\"error\":\r\ndata: \"x\"}\r\n\r\n", 502,
               "{\"error\":\n\"x\"}"},
           Row{"event: error\ndata: boom\n\n", 502,
               R"({"error":{"message":"boom","type":"upstream_error","param":null,"code":null}})"},
       }) {
    const std::string sent = chunk(row.event);
    for (std::size_t cut = 0; cut < sent.size(); cut += 7) {
      SCOPED_TRACE(std::string(row.event) + " cut at " + std::to_string(cut));
      const WholeAnswer answer = answer_to(Script()
                                               .send(stream_head())
                                               .send(sent.substr(0, cut))
                                               .send(sent.substr(cut) + chunk(kDone))
                                               .send(kLastChunk),
                                           Answer::kStream);
      EXPECT_EQ(answer.status(), row.status);
      EXPECT_EQ(answer.body, row.body);
      EXPECT_EQ(answer.head.find("content-type"), "application/json");
      EXPECT_TRUE(answer.complete);
    }
  }
}

TEST_F(UpstreamGone, AnErrorAfterAnEventIsAnEvent) {
  timeouts().first_event = kLong;
  const std::string error = event(R"({"error":{"code":429}})");
  const WholeAnswer answer =
      answer_to(Script().send(stream_head() + chunk(event(chat_delta("one")) + error) +
                              std::string(kLastChunk)),
                Answer::kStream);
  EXPECT_EQ(answer.status(), 200);
  EXPECT_FALSE(answer.complete);
  EXPECT_TRUE(answer.body.ends_with(error)) << answer.body;
}

TEST_F(UpstreamGone, BeforeTheFirstEventIsOneErrorEventWhereTheHeadHasBeenSent) {
  timeouts().first_event = milliseconds(0);
  upstream.answer_next(Script().send(stream_head()).close());
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  expect_cut_stream(client.read_rest(), "upstream_reset");
}

TEST_F(UpstreamGone, AStreamThatEndsInOrderButDoesNotSayHowIsTakenForCut) {
  expect_cut_stream(open_stream(two_events().send(kLastChunk)).read_rest(), "upstream_reset");
  // The same without chunks: the end of the connection shows nothing.
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
  const std::string events = event(chat_delta("one")) + event(chat_delta("two"));
  expect_cut_stream(open_stream(Script().send(head + events).close()).read_rest(),
                    "upstream_reset");
}

TEST_F(UpstreamGone, AStreamThatBreaksInsideItsLastEventIsTakenForCutAtEveryByte) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
  const std::string first = event(chat_delta("one"));
  const std::string finish = event(chat_finish());
  const std::size_t json_end = finish.size() - 2;
  for (std::size_t sent = 0; sent <= finish.size(); ++sent) {
    SCOPED_TRACE(sent);
    upstream.answer_next(Script().send(head + first + finish.substr(0, sent)).close());
    const WholeAnswer answer = connect().ask(chat(Answer::kStream));
    EXPECT_EQ(answer.status(), 200);
    // An event that lacks only its line end counts.
    EXPECT_EQ(answer.complete, sent >= json_end);
    EXPECT_EQ(answer.body.find("upstream_reset") == std::string::npos, sent >= json_end);
  }
}

TEST_F(UpstreamGone, AStreamWithAFinishReasonAndWithoutDoneIsWhole) {
  const std::string finish = event(chat_finish());
  const auto rest = open_stream(two_events().send(chunk(finish)).send(kLastChunk)).read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.body, event(chat_finish("passthrough/m1")));
}

TEST_F(UpstreamGone, AStreamWithDoneAloneIsWhole) {
  const auto rest = open_stream(two_events().send(chunk(kDone)).send(kLastChunk)).read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.body, kDone);
}

TEST_F(UpstreamGone, AnyByteOfABrokenStreamLeavesAnError) {
  const std::string all =
      stream_head() + chunk(event(chat_delta("one"))) + chunk(event(chat_finish())) + "0\r\n\r";
  for (std::size_t sent = 0; sent <= all.size(); ++sent) {
    SCOPED_TRACE(sent);
    Script cut = Script().send(all.substr(0, sent));
    upstream.answer_next(sent % 2 == 0 ? std::move(cut).reset() : std::move(cut).close());
    const WholeAnswer answer = connect().ask(chat(Answer::kStream));
    if (answer.status() == 502) {
      expect_error(answer, 502, "upstream_reset");
      continue;
    }
    EXPECT_EQ(answer.status(), 200);
    EXPECT_FALSE(answer.complete);
    const std::vector<std::string> events = events_of(answer.body);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(error_code_of(std::string_view(events.back()).substr(6)), "upstream_reset");
    EXPECT_EQ(answer.body.find("[DONE]"), std::string::npos);
  }
}

class InvalidAnswer : public UpstreamGone,
                      public ::testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(InvalidAnswer, IsA502AndEndsTheConnection) {
  upstream.answer_next(Script().send(GetParam().second).stall());
  RawClient client = connect();
  expect_error(client.ask(chat(Answer::kWhole)), 502, "upstream_invalid_response");
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  // None of it reaches the next request.
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).body, chat_answer_body("passthrough/m1"));
}

INSTANTIATE_TEST_SUITE_P(
    Heads, InvalidAnswer,
    ::testing::Values(
        std::pair("NoHttp", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        std::pair("BareLineFeeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n"),
        std::pair("FoldedField", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
        std::pair("TwoLengths",
                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        std::pair("LengthAndChunks",
                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::pair("UnknownCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
        std::pair("SpaceBeforeColon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"),
        std::pair("SwitchingProtocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        std::pair("UnknownVersion", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        std::pair("NoStatus", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
        std::pair("NegativeLength", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::pair("BrokenChunk",
                  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                  "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")),
    [](const auto& parameter) { return std::string(parameter.param.first); });

TEST_F(UpstreamGone, AHeadWithoutEndIsA502) {
  upstream.answer_next(
      Script().send("HTTP/1.1 200 OK\r\nA: ").send_forever(std::string(4096, 'a')));
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_invalid_response");
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(UpstreamGone, AnAnswerDuringTheUploadIsPassedOnAndEndsTheUpload) {
  const std::string text(8 * 1024 * 1024, 'x');
  upstream.answer_next(
      Script().after_head().send(json_answer(400, R"({"error":{"message":"too long"}})")).stall());
  RawClient client = connect();
  const WholeAnswer answer =
      client.ask(post(kChatPath, R"({"model":"passthrough/m1","prompt":")" + text + "\"}"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(answer.body, R"({"error":{"message":"too long"}})");
  // The connection has half a request in it: it is not reused.
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
}

class TlsUpstreamGone : public ::testing::Test {
 protected:
  TestPki pki;
  ScriptedUpstream upstream{pki.server_context()};

  config::Settings trusting_settings() {
    config::Settings settings = passthrough_settings(upstream.url());
    settings.providers.front().tls.ca_file = pki.ca_file();
    return settings;
  }
};

TEST_F(TlsUpstreamGone, WithoutANoticeIsAnErrorWhereOnlyTheEndWouldTell) {
  const std::string events = event(chat_delta("one"));
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
  upstream.answer_next(Script().send(head + events).close_without_notify());
  TestService service(trusting_settings());
  RawClient client(service.port());
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_EQ(client.read_event(), event(chat_delta("one", "passthrough/m1")));
  expect_cut_stream(client.read_rest(), "upstream_reset");

  const std::string json_head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
  upstream.answer_next(Script().send(json_head + chat_answer_body()).close_without_notify());
  RawClient second(service.port());
  expect_error(second.ask(chat(Answer::kWhole)), 502, "upstream_reset");
}

TEST_F(TlsUpstreamGone, WithoutANoticeIsNoMatterAfterACompleteAnswer) {
  upstream.answer_next(Script().send(json_answer(200, chat_answer_body())).close_without_notify());
  upstream.answer_next(
      Script().send(stream_head() + chunk(chat_events())).send(kLastChunk).close_without_notify());
  TestService service(trusting_settings());
  RawClient first(service.port());
  EXPECT_EQ(first.ask(chat(Answer::kWhole)).body, chat_answer_body("passthrough/m1"));
  ASSERT_TRUE(upstream.wait_until_over(0));
  RawClient second(service.port());
  const WholeAnswer answer = second.ask(chat(Answer::kStream));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, chat_events("passthrough/m1"));
}

TEST_F(TlsUpstreamGone, ACertificateThatIsNotTrustedIsA502) {
  TestService service(passthrough_settings(upstream.url()));
  RawClient client(service.port());
  expect_error(client.ask(chat(Answer::kWhole)), 502, "upstream_unreachable");
  EXPECT_TRUE(upstream.requests().empty());
}

}  // namespace
}  // namespace penstock::testing
