// Which header fields pass, in both directions, and what happens to error bodies.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::MatchesRegex;

constexpr const char* kProviderData = "X-OGX-Provider-Data";

class Headers : public GatewayTest {
 protected:
  WholeAnswer ask(const HeaderList& headers) {
    return connect().ask(post(kChatPath, chat_body(), headers));
  }
  // The answer to a request that the upstream answers with these fields.
  WholeAnswer answer_with(const HeaderList& fields, int status = 200) {
    upstream.answer_next(Script().send(json_answer(status, chat_answer_body(), fields)));
    return ask({});
  }
};

// --- Towards the upstream ---

TEST_F(Headers, OfTheRequestDoNotPassButForTheFewThatSpeakOfTheBody) {
  EXPECT_EQ(ask({{"Accept", "text/event-stream"},
                 {"X-Custom", "1"},
                 {"User-Agent", "client"},
                 {"Accept-Language", "de"},
                 {"Accept-Encoding", "gzip"},
                 {"Content-Language", "de"},
                 {"Via", "1.1 a"}})
                .status(),
            200);
  const SeenRequest seen = upstream.wait_for_request();
  std::vector<std::string> names;
  for (const auto& [name, value] : seen.head.fields) names.push_back(name);
  std::ranges::sort(names);
  EXPECT_THAT(names, ::testing::ElementsAre("accept", "accept-encoding", "content-length",
                                            "content-type", "host", "user-agent", "x-request-id"));
  EXPECT_EQ(seen.head.find("accept"), "text/event-stream");
  EXPECT_EQ(seen.head.find("accept-encoding"), "identity");
  EXPECT_EQ(seen.head.find("content-type"), "application/json");
  EXPECT_EQ(seen.head.find("user-agent"), "penstock");
  EXPECT_EQ(seen.head.find("host"), fmt::format("127.0.0.1:{}", upstream.port()));
}

TEST_F(Headers, OfOneConnectionStayOnIt) {
  const HeaderList hop_by_hop = {
      {"Connection", "keep-alive, X-Hop"}, {"X-Hop", "1"},     {"Keep-Alive", "timeout=5"},
      {"Proxy-Connection", "keep-alive"},  {"TE", "trailers"}, {"Trailer", "X-Sum"},
      {"Proxy-Authorization", "Basic x"}};
  EXPECT_EQ(ask(hop_by_hop).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  for (const char* name : {"connection", "x-hop", "keep-alive", "proxy-connection", "te", "trailer",
                           "proxy-authorization"}) {
    EXPECT_EQ(seen.head.find(name), std::nullopt) << name;
  }
}

TEST_F(Headers, OfAChunkedRequestBecomeALength) {
  RawClient client = connect();
  ASSERT_TRUE(
      client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n" +
                  chunk(chat_body()) + "0\r\nAuthorization: canary\r\n\r\n"));
  EXPECT_EQ(client.read_answer().status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("transfer-encoding"), std::nullopt);
  EXPECT_EQ(seen.head.find("content-length"), std::to_string(chat_body("m1").size()));
  EXPECT_EQ(seen.head.text.find("canary"), std::string::npos);
}

TEST_F(Headers, ThatAreForwardedAreThoseThatTheOperatorNames) {
  settings.providers[0].forward_headers = {{"tenant", "X-Tenant"}, {"count", "X-Count"},
                                           {"flag", "X-Flag"},     {"list", "X-List"},
                                           {"none", "X-None"},     {"empty", "X-Empty"}};
  EXPECT_EQ(ask({{kProviderData, R"({"tenant":"t1","other":"o","count":5,"flag":true,)"
                                 R"("list":["a"],"none":null,"empty":"","X-Tenant":"direct"})"},
                 {"X-Tenant", "clients"}})
                .status(),
            200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("x-tenant"), "t1");
  EXPECT_EQ(seen.head.count("x-tenant"), 1u);
  EXPECT_EQ(seen.head.find("x-count"), "5");
  EXPECT_EQ(seen.head.find("x-flag"), "true");
  for (const char* name : {"other", "x-list", "x-none", "x-empty"}) {
    EXPECT_EQ(seen.head.find(name), std::nullopt) << name;
  }
}

TEST_F(Headers, ThatAreForwardedCannotBreakOut) {
  settings.providers[0].forward_headers = {{"a", "X-A"}};
  EXPECT_EQ(
      ask({{kProviderData, R"({"a":"1\r\nX-Evil: \u00002\u0085\u2028\u2029\u007f\t3"})"}}).status(),
      200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("x-a"), "1X-Evil: 23");
  EXPECT_EQ(seen.head.find("x-evil"), std::nullopt);
}

TEST_F(Headers, ThatAreForwardedHaveALimit) {
  settings.providers[0].forward_headers = {{"fits", "X-Fits"}, {"long", "X-Long"}};
  const std::string fits(8192, 'a');
  const std::string too_long(8193, 'b');
  EXPECT_EQ(ask({{kProviderData, fmt::format(R"({{"fits":"{}","long":"{}"}})", fits, too_long)}})
                .status(),
            200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("x-fits"), fits);
  EXPECT_EQ(seen.head.find("x-long"), std::nullopt);
}

TEST_F(Headers, OfTheOperatorGoWithEveryRequest) {
  settings.providers[0].headers = {{"X-Team", Secret("a")}, {"User-Agent", Secret("ours/1")}};
  settings.providers[0].forward_headers = {{"team", "X-Team"}};
  EXPECT_EQ(ask({{kProviderData, R"({"team":"callers"})"}}).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("x-team"), "a");
  EXPECT_EQ(seen.head.count("x-team"), 1u) << "the caller's value stands beside the operator's";
  EXPECT_EQ(seen.head.find("user-agent"), "ours/1");
  EXPECT_EQ(seen.head.count("user-agent"), 1u);
}

// --- Towards the client ---

TEST_F(Headers, OfAnAnswerPassWhereClientsReadThem) {
  const HeaderList useful = {{"Retry-After", "7"},
                             {"retry-after-ms", "7000"},
                             {"X-Should-Retry", "false"},
                             {"x-ratelimit-remaining-tokens", "0"},
                             {"X-RateLimit-Limit-Requests", "60"},
                             {"openai-processing-ms", "12"},
                             {"OpenAI-Organization", "org"},
                             {"Server-Timing", "a;dur=1"}};
  for (const int status : {200, 429}) {
    const WholeAnswer answer = answer_with(useful, status);
    EXPECT_EQ(answer.status(), status);
    EXPECT_EQ(answer.head.find("retry-after"), "7");
    EXPECT_EQ(answer.head.find("retry-after-ms"), "7000");
    EXPECT_EQ(answer.head.find("x-should-retry"), "false");
    EXPECT_EQ(answer.head.find("x-ratelimit-remaining-tokens"), "0");
    EXPECT_EQ(answer.head.find("x-ratelimit-limit-requests"), "60");
    EXPECT_EQ(answer.head.find("openai-processing-ms"), "12");
    EXPECT_EQ(answer.head.find("openai-organization"), "org");
    EXPECT_EQ(answer.head.find("server-timing"), "a;dur=1");
  }
}

TEST_F(Headers, OfAStreamPassAsWell) {
  upstream.answer_next(Script()
                           .send(stream_head({{"x-ratelimit-limit", "5"}, {"Set-Cookie", "a=b"}}))
                           .send(chunk(chat_events()))
                           .send(kLastChunk));
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_EQ(answer.head.find("content-type"), "text/event-stream");
  EXPECT_EQ(answer.head.find("x-ratelimit-limit"), "5");
  EXPECT_EQ(answer.head.find("set-cookie"), std::nullopt);
}

TEST_F(Headers, OfTheUpstreamsConnectionAndOriginStayThere) {
  const WholeAnswer answer = answer_with({{"Connection", "X-Hop , keep-alive"},
                                          {"x-hop", "1"},
                                          {"Keep-Alive", "timeout=5"},
                                          {"Proxy-Authenticate", "Basic"},
                                          {"Proxy-Connection", "keep-alive"},
                                          {"Trailer", "X-Sum"},
                                          {"Upgrade", "h2c"},
                                          {"Set-Cookie", "session=1"},
                                          {"Set-Cookie2", "session=1"},
                                          {"Alt-Svc", "h3=\":443\""},
                                          {"Strict-Transport-Security", "max-age=1"},
                                          {"Access-Control-Allow-Origin", "*"}});
  EXPECT_EQ(answer.status(), 200);
  for (const char* name : {"connection", "x-hop", "keep-alive", "proxy-authenticate",
                           "proxy-connection", "trailer", "upgrade", "set-cookie", "set-cookie2",
                           "alt-svc", "strict-transport-security", "access-control-allow-origin"}) {
    EXPECT_EQ(answer.head.find(name), std::nullopt) << name;
  }
}

TEST_F(Headers, OfAnAnswerHaveOneDateAndOneLength) {
  const WholeAnswer made = answer_with({});
  EXPECT_EQ(made.head.count("date"), 1u);
  const WholeAnswer passed = answer_with({{"Date", "Thu, 01 Jan 1970 00:00:00 GMT"}});
  EXPECT_EQ(passed.head.count("date"), 1u);
  EXPECT_EQ(passed.head.find("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(passed.head.count("content-length"), 1u);
}

// --- Request ids ---

TEST_F(Headers, NameTheRequestAsTheClientDoes) {
  upstream.answer_next(
      Script().send(json_answer(200, chat_answer_body(), {{"x-request-id", "upstreams"}})));
  const WholeAnswer answer = ask({{"X-Request-ID", "clients-1"}});
  EXPECT_EQ(answer.head.find("x-request-id"), "clients-1");
  EXPECT_EQ(answer.head.count("x-request-id"), 1u);
  EXPECT_EQ(upstream.wait_for_request().head.find("x-request-id"), "clients-1");
  EXPECT_EQ(Json::parse(service().access_log(1)[0])["request_id"], "clients-1");
}

TEST_F(Headers, NameTheRequestWhereNobodyElseDoes) {
  const WholeAnswer first = ask({});
  const std::string id = first.head.find("x-request-id").value_or("");
  EXPECT_THAT(id, MatchesRegex("req_[0-9a-f]+"));
  EXPECT_EQ(upstream.wait_for_request().head.find("x-request-id"), id);
  EXPECT_EQ(Json::parse(service().access_log(1)[0])["request_id"], id);
  EXPECT_NE(ask({}).head.find("x-request-id"), id);
}

TEST_F(Headers, NameTheRequestAsTheUpstreamDoesWhereTheClientDoesNot) {
  const WholeAnswer answer = answer_with({{"x-request-id", "upstreams-1"}});
  EXPECT_EQ(answer.head.find("x-request-id"), "upstreams-1");
  EXPECT_EQ(answer.head.count("x-request-id"), 1u);
}

TEST_F(Headers, NameTheRequestAnewWhereItsNameCannotBeWrittenDown) {
  const std::string odd_ids[] = {"a b", "\"quoted\"", "a;b", std::string(129, 'a'), ""};
  for (const std::string& odd : odd_ids) {
    const WholeAnswer answer = ask({{"x-request-id", odd}});
    EXPECT_THAT(answer.head.find("x-request-id").value_or(""), MatchesRegex("req_[0-9a-f]+"));
  }
}

TEST_F(Headers, NameTheRequestInErrorsOfTheGatewayAsWell) {
  const WholeAnswer answer = connect().ask(get("/v1/nothing", {{"x-request-id", "mine"}}));
  EXPECT_EQ(answer.head.find("x-request-id"), "mine");
}

// --- Error bodies ---

class UpstreamErrors : public Headers {};

TEST_F(UpstreamErrors, InJsonPassByteForByte) {
  const std::string bodies[] = {R"({"error":{"message":"slow down","code":429 , "x":1e0}})",
                                R"({"detail":"Not Found"})", R"(["odd"])",
                                "{\"error\": {\"message\": \"caf\\u00e9 m1\"}}\n"};
  for (const int status : {400, 401, 403, 404, 422, 429, 500, 503, 529}) {
    for (const std::string& body : bodies) {
      upstream.answer_next(Script().send(json_answer(status, body)));
      const WholeAnswer answer = ask({});
      EXPECT_EQ(answer.status(), status);
      EXPECT_EQ(answer.body, body);
      EXPECT_EQ(answer.head.find("content-type"), "application/json");
      EXPECT_EQ(answer.head.find("content-length"), std::to_string(body.size()));
    }
  }
}

TEST_F(UpstreamErrors, InOtherTextAreWrappedUnderTheirStatus) {
  for (const int status : {401, 404, 429, 500, 502, 529}) {
    upstream.answer_next(
        Script().send(fmt::format("HTTP/1.1 {} Odd\r\nContent-Type: text/html\r\nRetry-After: 3\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n{}{}",
                                  status, chunk("<h1>\"busy\"</h1>\r\n"), kLastChunk)));
    const WholeAnswer answer = ask({});
    expect_error(answer, status, "");
    EXPECT_EQ(message_of(answer), "<h1>\"busy\"</h1>");
    EXPECT_EQ(Json::parse(answer.body)["error"]["type"], "upstream_error");
    EXPECT_EQ(answer.head.find("retry-after"), "3");
    EXPECT_EQ(answer.head.count("content-type"), 1u);
  }
}

TEST_F(UpstreamErrors, WithoutABodyAreNamedByTheirStatus) {
  upstream.answer_next(Script().send("HTTP/1.1 503 Gone Fishing\r\nContent-Length: 0\r\n\r\n"));
  const WholeAnswer answer = ask({});
  expect_error(answer, 503, "");
  EXPECT_EQ(message_of(answer), "Service Unavailable");
}

TEST_F(UpstreamErrors, ThatBreakOffAreStillTheseErrors) {
  upstream.answer_next(Script()
                           .send("HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json"
                                 "\r\nContent-Length: 100\r\n\r\n{\"error\":")
                           .close());
  expect_error(ask({}), 429, "");
}

TEST_F(UpstreamErrors, ThatAreLongAreCut) {
  upstream.answer_next(Script().send(json_answer(500, std::string(100'000, 'x'))));
  const WholeAnswer answer = ask({});
  expect_error(answer, 500, "");
  EXPECT_LE(answer.body.size(), 4096u);
}

TEST_F(UpstreamErrors, ToAStreamRequestAreWholeAnswers) {
  upstream.answer_next(Script().send(json_answer(429, R"({"error":{"message":"later"}})")));
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_EQ(answer.status(), 429);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, R"({"error":{"message":"later"}})");
}

TEST_F(UpstreamErrors, DoNotShowTheOperatorsKey) {
  const std::string canary = "sk-operator-canary-0123456789";
  settings.providers[0].api_key = Secret(canary);
  for (const char* type : {"application/json", "text/plain"}) {
    for (const std::string& body :
         {fmt::format(R"({{"error":{{"message":"Incorrect API key provided: {}."}}}})", canary),
          fmt::format("Bearer {} is wrong", canary)}) {
      upstream.answer_next(Script().send(
          fmt::format("HTTP/1.1 401 Unauthorized\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"
                      "{}",
                      type, body.size(), body)));
      const WholeAnswer answer = ask({});
      EXPECT_EQ(answer.status(), 401);
      EXPECT_TRUE(answer.complete);
      EXPECT_EQ(answer.body.find("canary"), std::string::npos) << answer.body;
      EXPECT_NE(answer.body.find("********"), std::string::npos) << answer.body;
    }
  }
}

}  // namespace
}  // namespace penstock::testing
