// Whole answers of each API, as its documentation has them. Numbers are those of the acceptance
// cases in wide-api, section 14.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "wire/apis/api.h"
#include "wire/apis/usage.h"
#include "wire/bodies/json_rewriter.h"

namespace penstock::wire {
namespace {

struct Outcome {
  std::string out;
  std::optional<Usage> usage;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Whole, and cut once at every byte: all must agree.
Outcome pass(Api api, std::string_view answer) {
  const auto rewrite = [&](std::string_view first, std::string_view second) {
    JsonRewriter rewriter("p/n", traits_of(api).answer_inner);
    Outcome outcome;
    rewriter.feed(first, outcome.out);
    rewriter.feed(second, outcome.out);
    rewriter.finish(outcome.out);
    outcome.usage = read_usage(rewriter.usage());
    return outcome;
  };
  const Outcome whole = rewrite(answer, {});
  for (std::size_t cut = 0; cut < answer.size(); ++cut) {
    EXPECT_TRUE(whole == rewrite(answer.substr(0, cut), answer.substr(cut))) << "cut at " << cut;
  }
  return whole;
}

TEST(ResponsesAnswer, HasItsModelReplacedAtTheTopOnly) {  // cases 1, 7 and 8
  const auto answer = [](std::string_view model) {
    return R"({"id":"resp_1","object":"response","error":null,"instructions":"\"model\":\"m\"",)"
           R"("model":")" +
           std::string(model) +
           R"(","output":[{"type":"message","content":[{"type":"output_text","text":)"
           R"("{\"model\":\"m\"}"}],"model":"m"}],"metadata":{"model":"m"},"response":)"
           R"({"model":"m"},"usage":{"input_tokens":36,"input_tokens_details":)"
           R"({"cached_tokens":2},"output_tokens":87,"output_tokens_details":)"
           R"({"reasoning_tokens":9},"total_tokens":123}})";
  };
  const Outcome outcome = pass(Api::kResponses, answer("m"));
  EXPECT_EQ(outcome.out, answer("p/n"));
  EXPECT_EQ(outcome.usage, (Usage{.prompt_tokens = 36,
                                  .completion_tokens = 87,
                                  .total_tokens = 123,
                                  .cached_tokens = 2,
                                  .reasoning_tokens = 9}));
}

// Case 30 of the keys and limits: OpenAI's APIs state the tier beside the usage.
TEST(ResponsesAnswer, StatesItsServiceTier) {
  const auto tier_of = [](std::string_view member) {
    return pass(Api::kResponses, std::string(R"({"model":"m",)") + std::string(member) +
                                     R"("metadata":{"service_tier":"batch"},)" +
                                     R"("usage":{"input_tokens":1}})")
        .usage->service_tier;
  };
  EXPECT_EQ(tier_of(R"("service_tier":"flex",)"), ServiceTier::kFlex);
  EXPECT_EQ(tier_of(R"("service_tier":"priority","service_tier":null,)"), ServiceTier::kPriority);
  EXPECT_EQ(tier_of(R"("service\u005ftier":"flex",)"), ServiceTier::kFlex);
  EXPECT_EQ(tier_of(R"("service_tier":"default",)"), ServiceTier::kStandard);
  EXPECT_EQ(tier_of(""), ServiceTier::kStandard);
}

TEST(MessagesAnswer, HasItsModelReplacedAtTheTopOnly) {  // case 10
  const auto answer = [](std::string_view model) {
    return R"({"id":"msg_1","type":"message","role":"assistant","model":")" + std::string(model) +
           R"(","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{"model":"m"}}],)"
           R"("stop_reason":"tool_use","stop_sequence":null,"message":{"model":"m"},"usage":)"
           R"({"input_tokens":10,"cache_creation_input_tokens":4,"cache_read_input_tokens":6,)"
           R"("output_tokens":3,"service_tier":"standard"}})";
  };
  const Outcome outcome = pass(Api::kMessages, answer("m"));
  EXPECT_EQ(outcome.out, answer("p/n"));
  EXPECT_EQ(outcome.usage, (Usage{.prompt_tokens = 20,
                                  .completion_tokens = 3,
                                  .total_tokens = 23,
                                  .cached_tokens = 6,
                                  .cache_write_tokens = 4}));
}

// Cases 9, 13, 14, 15 and 17: what has no model passes unchanged.
TEST(Answers, PassWhateverElseTheyHold) {
  for (const std::string_view answer :
       {R"({"object":"response.input_tokens","input_tokens":11})", R"({"input_tokens":2095})",
        R"({"id":"x","results":[{"index":1,"relevance_score":0.98}],"meta":{"billed_units":)"
        R"({"search_units":1}}})",
        R"({"created":1,"data":[{"b64_json":"iVBORw0KGgo="}]})"}) {
    const Outcome outcome = pass(Api::kOther, answer);
    EXPECT_EQ(outcome.out, answer);
    EXPECT_EQ(outcome.usage, std::nullopt);
  }
}

TEST(Answers, StateTheirUsageInTheirOwnShape) {
  EXPECT_EQ(pass(Api::kOther, R"({"object":"list","data":[{"embedding":"AAAA"}],"model":"m",)"
                              R"("usage":{"prompt_tokens":8,"total_tokens":8}})")
                .usage,
            (Usage{.prompt_tokens = 8, .total_tokens = 8}));
  EXPECT_EQ(pass(Api::kOther, R"({"model":"m","usage":{"total_tokens":15},"results":[]})").usage,
            (Usage{.prompt_tokens = 15, .total_tokens = 15}));
  EXPECT_EQ(pass(Api::kImages, R"({"created":1,"usage":{"total_tokens":100,"input_tokens":50,)"
                               R"("output_tokens":50,"input_tokens_details":{"text_tokens":10}}})")
                .usage,
            (Usage{.prompt_tokens = 50, .completion_tokens = 50, .total_tokens = 100}));
}

}  // namespace
}  // namespace penstock::wire
