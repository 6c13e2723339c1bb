#include "sim/scenario.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

using Kind = AnswerPart::Kind;

class ScenarioTest : public testing::Test {
 protected:
  void rules(std::string_view text) {
    auto made = Scenario::make(Json::parse(text));
    ASSERT_TRUE(made) << made.error().message;
    scenario_ = *made;
  }
  // What the parts of the answer to `body` are; empty if no rule applies.
  std::vector<AnswerPart> answer(std::string_view body) const {
    return scenario_->answer(read_prompt(Json::parse(body))).value_or(std::vector<AnswerPart>());
  }

  std::shared_ptr<const Scenario> scenario_;
};

constexpr std::string_view kRules = R"([
  {"contains": "title", "say": "A title"},
  {"results": 0, "think": "Hm.", "say": "I write.",
   "calls": [{"tool": ["Write", "write"], "arguments": {"path": "/x"}}]},
  {"results": 1, "say": "Written."}])";

TEST_F(ScenarioTest, CallsAToolAndSpeaksAfterItsResultInMessages) {
  rules(kRules);
  const std::vector<AnswerPart> call =
      answer(R"({"tools":[{"name":"Write"}],"messages":[{"role":"user","content":"Do it"}]})");
  ASSERT_EQ(call.size(), 3U);
  EXPECT_EQ(call[0].kind, Kind::kReasoning);
  EXPECT_EQ(call[1].wording.plain(), "I write.");
  EXPECT_EQ(call[2].tool, "Write");
  EXPECT_EQ(call[2].wording.plain(), R"({"path":"/x"})");
  const std::vector<AnswerPart> end = answer(
      R"({"tools":[{"name":"Write"}],"messages":[{"role":"user","content":"Do it"},
          {"role":"assistant","content":[{"type":"tool_use","name":"Write"}]},
          {"role":"user","content":[{"type":"tool_result","content":"ok"}]}]})");
  ASSERT_EQ(end.size(), 1U);
  EXPECT_EQ(end[0].wording.plain(), "Written.");
}

TEST_F(ScenarioTest, ReadsChatAndResponsesAlike) {
  rules(kRules);
  EXPECT_EQ(answer(R"({"tools":[{"type":"function","function":{"name":"write"}}],
                       "messages":[{"role":"user","content":"x"}]})")
                .back()
                .tool,
            "write");
  EXPECT_EQ(answer(R"({"messages":[{"role":"user","content":"x"},{"role":"tool","content":"y"}]})")
                .back()
                .wording.plain(),
            "Written.");
  const std::vector<AnswerPart> custom =
      answer(R"({"tools":[{"type":"namespace","name":"files","tools":[
                    {"type":"custom","name":"write"}]}],"input":"x"})");
  EXPECT_EQ(custom.back().kind, Kind::kCustomCall);
  EXPECT_EQ(custom.back().tool_namespace, "files");
  EXPECT_EQ(answer(R"({"input":[{"role":"user","content":[{"type":"input_text","text":"x"}]},
                                {"type":"custom_tool_call_output","output":"y"}]})")
                .back()
                .wording.plain(),
            "Written.");
}

TEST_F(ScenarioTest, TakesTheFirstRuleThatApplies) {
  rules(kRules);
  EXPECT_EQ(answer(R"({"input":"Give it a title"})").back().wording.plain(), "A title");
  // A tool that is not offered cannot be called.
  EXPECT_TRUE(answer(R"({"input":"x"})").empty());
}

TEST_F(ScenarioTest, SaysWhichRuleIsWrong) {
  for (const char* wrong : {R"([{}, {"say": "x", "when": 1}])", R"([{}, {"results": "one"}])",
                            R"([{}, {"calls": [{"arguments": {}}]}])",
                            R"([{}, {"calls": [{"tool": 1}]}])", R"([{}, 1])"}) {
    const auto made = Scenario::make(Json::parse(wrong));
    ASSERT_FALSE(made) << wrong;
    EXPECT_NE(made.error().message.find("Rule 2 "), std::string::npos) << made.error().message;
  }
  EXPECT_FALSE(Scenario::make(Json::parse("{}")));
  EXPECT_FALSE(Scenario::load("/nowhere/scenario.json"));
}

}  // namespace
}  // namespace penstock::sim
