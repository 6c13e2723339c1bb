// Limits of tokens and budgets of API keys, as clients see them.

#include <gmock/gmock.h>

#include <string>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using config::Quantity;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TokenLimits : public SimulatedGateway {
 protected:
  TokenLimits() {
    config::ApiKey& key = settings->server.api_keys.emplace_back();
    key.name = "alice";
    key.key = Secret("sk-alice-0000");
  }

  config::Terms& terms() { return settings->server.api_keys.front().terms; }
  void limit_tokens_to(std::int64_t per_minute, Quantity quantity = Quantity::kTokens) {
    config::set_per_minute(terms(), quantity, per_minute);
  }
  std::int64_t remaining() {
    const limits::RateLimit& limit = accounts.of_key(0).front()->rates().front();
    return limit.meter->view(limit.rate, sim.loop().now()).remaining;
  }

  std::string post(std::string_view path, std::string_view body) {
    return say("POST " + std::string(path) +
               " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-alice-0000\r\n"
               "Content-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  // For so many tokens of output; the input is a few.
  std::string ask(int max_tokens, std::string_view more = "") {
    return post("/v1/chat/completions", R"({"model":"p/m","messages":[],"max_tokens":)" +
                                            std::to_string(max_tokens) + std::string(more) + "}");
  }
  std::string answer_with(std::string_view body, std::string_view status = "200 OK") {
    return upstream_says("HTTP/1.1 " + std::string(status) +
                         "\r\nContent-Type: application/json\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  std::string answer_that_used(int prompt, int completion) {
    return answer_with(R"({"choices":[],"usage":{"prompt_tokens":)" + std::to_string(prompt) +
                       R"(,"completion_tokens":)" + std::to_string(completion) + "}}");
  }
};

// limits.md cases 10, 13 and 14
TEST_F(TokenLimits, AreSettledWithWhatTheAnswerSaysThatItHasUsed) {
  limit_tokens_to(1'000);
  start();
  EXPECT_EQ(ask(900), "");
  EXPECT_LT(remaining(), 100) << "nothing was reserved";
  EXPECT_THAT(answer_that_used(10, 40), HasSubstr("\r\nx-ratelimit-limit-tokens: 1000\r\n"));
  EXPECT_EQ(remaining(), 950) << "what was not used was not given back";
  EXPECT_EQ(ask(100), "");
  EXPECT_THAT(answer_that_used(10, 2'000), StartsWith("HTTP/1.1 200"));
  const std::string refused = ask(1);
  EXPECT_THAT(refused,
              AllOf(StartsWith("HTTP/1.1 429"), HasSubstr(R"("code":"rate_limit_exceeded")"),
                    HasSubstr("the key alice on tokens per minute: limit 1000, remaining 0"),
                    HasSubstr("\r\nretry-after-ms: "),
                    HasSubstr("\r\nx-ratelimit-remaining-tokens: 0\r\n")));
  EXPECT_EQ(hits("key_tokens"), 1);
  sim.pass(seconds(65));
  EXPECT_EQ(ask(1), "");
  answer_that_used(1, 1);
}

TEST_F(TokenLimits, RefuseForGoodWhatIsLargerThanTheyAre) {
  limit_tokens_to(100);
  start();
  EXPECT_THAT(
      ask(2'000),
      AllOf(StartsWith("HTTP/1.1 429"), HasSubstr("larger than the rate limit for the key alice"),
            HasSubstr("\r\nx-should-retry: false\r\n"), Not(HasSubstr("\r\nRetry-After"))));
  EXPECT_TRUE(upstreams.empty());
}

// limits.md case 19
TEST_F(TokenLimits, CostNothingIfTheUpstreamFails) {
  limit_tokens_to(1'000);
  start();
  EXPECT_EQ(ask(500), "");
  EXPECT_THAT(answer_with(R"({"error":{"message":"m"}})", "500 Internal Server Error"),
              StartsWith("HTTP/1.1 500"));
  EXPECT_EQ(remaining(), 1'000);
}

// limits.md case 18
TEST_F(TokenLimits, ChargeAStreamThatIsCutForWhatItHasSaid) {
  limit_tokens_to(1'000, Quantity::kOutputTokens);
  start();
  EXPECT_EQ(ask(500, R"(,"stream":true)"), "");
  upstream_says(std::string(kStreamHead));
  for (int i = 0; i < 50; ++i) {
    upstream_says(chunk("data: {\"choices\":[{\"delta\":{\"content\":\" words\"}}]}\n\n"));
  }
  upstreams.back()->reset();
  sim.settle();
  // 300 bytes of text.
  EXPECT_EQ(remaining(), 1'000 - 81);
}

TEST_F(TokenLimits, ChargeAStreamOfMessagesThatIsCutForTheInputItHasStated) {
  limit_tokens_to(1'000);
  start();
  EXPECT_EQ(post("/v1/messages", R"({"model":"p/m","messages":[],"max_tokens":500,"stream":true})"),
            "");
  upstream_says(std::string(kStreamHead));
  upstream_says(
      chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
            "\"model\":\"m\",\"usage\":{\"input_tokens\":400,\"output_tokens\":1}}}\n\n"));
  upstreams.back()->reset();
  sim.settle();
  EXPECT_EQ(remaining(), 599);
}

TEST_F(TokenLimits, ChargeAnAnswerThatStatesNoUsageForItsText) {
  limit_tokens_to(1'000, Quantity::kOutputTokens);
  start();
  EXPECT_EQ(ask(500), "");
  answer_with(R"({"choices":[{"message":{"content":")" + std::string(1'000, 'x') + R"("}}]})");
  EXPECT_EQ(remaining(), 1'000 - 270);
}

TEST_F(TokenLimits, FreeWhatAClientThatHasGoneHadReserved) {
  limit_tokens_to(1'000);
  start();
  EXPECT_EQ(ask(500), "");
  client->reset();
  sim.settle();
  EXPECT_EQ(remaining(), 1'000);
}

TEST_F(TokenLimits, CountNothingWhereNoTokensAreLimited) {
  config::set_per_minute(terms(), Quantity::kRequests, 10);
  start();
  EXPECT_EQ(ask(100'000), "");
  EXPECT_THAT(answer_that_used(1, 1), Not(HasSubstr("tokens: ")));
}

TEST_F(TokenLimits, SpeakToClientsOfAnthropicsApiInItsWords) {
  limit_tokens_to(2'000, Quantity::kInputTokens);
  limit_tokens_to(1'000, Quantity::kOutputTokens);
  start();
  EXPECT_EQ(post("/v1/messages", R"({"model":"p/m","messages":[],"max_tokens":500})"), "");
  EXPECT_THAT(answer_with(R"({"type":"message","usage":{"input_tokens":5,"output_tokens":5}})"),
              AllOf(HasSubstr("\r\nanthropic-ratelimit-input-tokens-limit: 2000\r\n"),
                    HasSubstr("\r\nanthropic-ratelimit-output-tokens-limit: 1000\r\n"),
                    Not(HasSubstr("\r\nx-ratelimit"))));
}

// limits.md case 34, as far as requests and tokens go
TEST_F(TokenLimits, OfABudgetEndWithItsWindow) {
  terms().budgets.push_back({.name = "daily", .quantity = Quantity::kRequests, .amount = 2});
  terms().budgets.back().unit = config::BudgetUnit::kDay;
  start();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask(1), "");
    answer_that_used(1, 1);
  }
  EXPECT_THAT(ask(1), AllOf(StartsWith("HTTP/1.1 429"), HasSubstr(R"("type":"insufficient_quota")"),
                            HasSubstr(R"("code":"budget_exceeded")"),
                            HasSubstr("\r\nx-should-retry: false\r\n"),
                            HasSubstr("\r\nx-penstock-budget-reset: 20"),
                            HasSubstr("The budget daily of the key alice does not cover")));
  EXPECT_EQ(hits("budget"), 1);
}

}  // namespace
}  // namespace penstock::gateway
