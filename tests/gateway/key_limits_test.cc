// Limits of API keys, as clients see them.

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class KeyLimits : public SimulatedGateway {
 protected:
  KeyLimits() {
    config::ApiKey& key = settings->server.api_keys.emplace_back();
    key.name = "alice";
    key.key = Secret("sk-alice-0000");
    settings->server.api_keys.push_back({.name = "bob", .key = Secret("sk-bob-0000")});
  }

  config::ApiKey& alice() { return settings->server.api_keys.front(); }
  std::uint32_t open_requests() const { return accounts.of_key(0).front()->used()->open; }
  void limit_requests_to(std::int64_t per_minute) {
    config::set_per_minute(alice().terms, config::Quantity::kRequests, per_minute);
  }

  // What the client gets at once: nothing, while the upstream is asked.
  std::string ask(std::string_view key = "sk-alice-0000",
                  std::string_view path = "/v1/chat/completions", std::string_view more = "") {
    const std::string body = R"({"model":"p/m","messages":[],"max_tokens":1})";
    return say("POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
               std::string(key) + "\r\nContent-Type: application/json\r\n" + std::string(more) +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  std::string answer(std::string_view fields = "") {
    return upstream_says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
                         std::string(fields) + "Content-Length: 2\r\n\r\n{}");
  }
  std::string served(std::string_view key = "sk-alice-0000") {
    EXPECT_EQ(ask(key), "");
    return answer();
  }
};

// limits.md cases 1, 2 and 10
TEST_F(KeyLimits, LetAsManyRequestsPassInAMinuteAsTheySay) {
  limit_requests_to(10);
  start();
  for (int i = 0; i < 10; ++i) EXPECT_THAT(served(), StartsWith("HTTP/1.1 200"));
  const std::string refused = ask();
  EXPECT_THAT(refused,
              AllOf(StartsWith("HTTP/1.1 429"), HasSubstr("\r\nRetry-After: 6\r\n"),
                    HasSubstr("\r\nretry-after-ms: 6000\r\n"),
                    HasSubstr("\r\nx-ratelimit-limit-requests: 10\r\n"),
                    HasSubstr("\r\nx-ratelimit-remaining-requests: 0\r\n"),
                    HasSubstr("\r\nx-ratelimit-reset-requests: 1m0s\r\n"),
                    HasSubstr(R"("code":"rate_limit_exceeded")"),
                    HasSubstr("the key alice on requests per minute: limit 10, remaining 0, "
                              "requested 1. Try again in 6.0 s")));
  sim.pass(seconds(6));
  EXPECT_THAT(served(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(), StartsWith("HTTP/1.1 429"));
  EXPECT_EQ(hits("key_requests"), 2);
}

TEST_F(KeyLimits, TellInEveryAnswerWhatRemains) {
  limit_requests_to(60);
  start();
  EXPECT_THAT(served(), AllOf(HasSubstr("\r\nx-ratelimit-limit-requests: 60\r\n"),
                              HasSubstr("\r\nx-ratelimit-remaining-requests: 59\r\n"),
                              HasSubstr("\r\nx-ratelimit-reset-requests: 1s\r\n")));
}

// limits.md case 11
TEST_F(KeyLimits, SpeakToClientsOfAnthropicsApiInItsWords) {
  limit_requests_to(1);
  start();
  const auto message = [&] { return ask("sk-alice-0000", "/v1/messages"); };
  EXPECT_EQ(message(), "");
  EXPECT_THAT(answer(), AllOf(HasSubstr("\r\nanthropic-ratelimit-requests-limit: 1\r\n"),
                              HasSubstr("\r\nanthropic-ratelimit-requests-remaining: 0\r\n"),
                              HasSubstr("\r\nanthropic-ratelimit-requests-reset: 20"),
                              Not(HasSubstr("\r\nx-ratelimit"))));
  EXPECT_THAT(message(),
              AllOf(StartsWith("HTTP/1.1 429"), HasSubstr(R"("type":"rate_limit_error")"),
                    HasSubstr("\r\nretry-after-ms: ")));
}

TEST_F(KeyLimits, RenameWhatTheUpstreamSaysOfItsOwn) {
  limit_requests_to(60);
  start();
  constexpr std::string_view kOwn =
      "x-ratelimit-limit-requests: 5000\r\nAnthropic-RateLimit-Tokens-Limit: 7\r\n";
  EXPECT_EQ(ask(), "");
  EXPECT_THAT(answer(kOwn), AllOf(HasSubstr("\r\nx-upstream-ratelimit-limit-requests: 5000\r\n"),
                                  HasSubstr("\r\nx-upstream-Anthropic-RateLimit-Tokens-Limit: 7"),
                                  HasSubstr("\r\nx-ratelimit-limit-requests: 60\r\n"),
                                  Not(HasSubstr("x-ratelimit-limit-requests: 5000"))));
  EXPECT_EQ(ask("sk-bob-0000"), "");
  EXPECT_THAT(answer(kOwn), AllOf(HasSubstr("\r\nx-ratelimit-limit-requests: 5000\r\n"),
                                  Not(HasSubstr("x-upstream"))));
}

// limits.md case 9
TEST_F(KeyLimits, ChargeNothingForWhatTheServerRefusesItself) {
  limit_requests_to(1);
  start();
  const auto refused = [&](std::string_view body) {
    return say(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
        "sk-alice-0000\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  };
  EXPECT_THAT(refused("{"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(refused(R"({"model":"p/m","model":"q"})"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(refused(R"({"model":"nobody's"})"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(served(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(), StartsWith("HTTP/1.1 429"));
}

TEST_F(KeyLimits, AreOfOneKeyAndOfWhatGoesToUpstreams) {
  limit_requests_to(1);
  start();
  EXPECT_THAT(served(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(), StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(served("sk-bob-0000"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(
      say("GET /v1/models HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-alice-0000\r\n\r\n"),
      StartsWith("HTTP/1.1 200"));
}

// limits.md case 6
TEST_F(KeyLimits, CountARequestAsOpenUntilItsAnswerHasEnded) {
  alice().terms.concurrency = 1;
  start();
  EXPECT_EQ(ask(), "");
  EXPECT_EQ(open_requests(), 1u);
  EXPECT_THAT(answer(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(open_requests(), 0u);
}

TEST_F(KeyLimits, CountAStreamAsOpenToItsLastEvent) {
  alice().terms.concurrency = 1;
  start();
  EXPECT_EQ(ask(), "");
  upstream_says(std::string(kStreamHead) + chunk("data: {\"choices\":[]}\n\n"));
  sim.pass(seconds(60));
  EXPECT_EQ(open_requests(), 1u);
  upstream_says(chunk("data: [DONE]\n\n") + "0\r\n\r\n");
  EXPECT_EQ(open_requests(), 0u);
}

TEST_F(KeyLimits, RefuseARequestTooManyAndSayWhy) {
  alice().terms.concurrency = 1;
  start();
  limits::Charge held;
  ASSERT_TRUE(held.open(accounts.of_key(0), sim.loop().now()).has_value());
  EXPECT_THAT(ask(),
              AllOf(StartsWith("HTTP/1.1 429"), HasSubstr(R"("code":"concurrency_limit_exceeded")"),
                    HasSubstr("\r\nRetry-After: 1\r\n"),
                    HasSubstr("Concurrency limit reached for the key alice: limit 1 open")));
  EXPECT_EQ(hits("key_concurrency"), 1);
}

TEST_F(KeyLimits, FreeThePlaceOfAClientThatHasGone) {
  alice().terms.concurrency = 1;
  start();
  EXPECT_EQ(ask(), "");
  client->reset();
  sim.settle();
  EXPECT_EQ(open_requests(), 0u);
}

}  // namespace
}  // namespace penstock::gateway
