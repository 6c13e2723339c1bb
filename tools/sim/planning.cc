#include "sim/planning.h"

#include <algorithm>
#include <utility>

#include "sim/prompt.h"
#include "sim/scenario.h"

namespace penstock::sim {
namespace {

using Kind = AnswerPart::Kind;

constexpr std::size_t kBytesPerToken = 4;
// Answers that are read as trees may be built in memory.
constexpr std::uint64_t kTokensMax = 1'000'000;
// So that reasoning and answer of one plan differ.
constexpr std::uint64_t kReasoningSalt = 0x5ca1ab1e;

}  // namespace

AnswerPlan plan_for(const Asked& asked, const TokenText& text, const Behaviour& behaviour) {
  AnswerPlan plan;
  plan.model = &asked.model;
  plan.id = hash_of(asked.model.id, hash_of(asked.input, 0) ^ behaviour.seed);
  plan.prompt_tokens = prompt_tokens_of(asked.body);
  if (asked.reasons && behaviour.reasoning_tokens > 0) {
    const std::size_t tokens = std::min(behaviour.reasoning_tokens, kTokensMax);
    plan.parts.push_back(
        {Kind::kReasoning, Wording(text, text.start(plan.id ^ kReasoningSalt), tokens)});
  }
  const Prompt prompt = read_prompt(asked.body);
  if (const OfferedTool* tool = prompt.demanded()) {
    const Kind kind = tool->custom ? Kind::kCustomCall : Kind::kCall;
    plan.parts.push_back({kind, default_arguments(), tool->name, tool->name_space});
  } else {
    const std::uint64_t tokens = std::min(behaviour.tokens, kTokensMax);
    const std::uint64_t length = std::min(tokens, asked.max_tokens.value_or(tokens));
    plan.cut_short = length < tokens;
    plan.parts.push_back({Kind::kText, Wording(text, text.start(plan.id), length)});
  }
  if (behaviour.scenario) follow_scenario(plan, *behaviour.scenario, asked.body);
  return plan;
}

void follow_scenario(AnswerPlan& plan, const Scenario& scenario, const Json& body) {
  std::optional<std::vector<AnswerPart>> parts = scenario.answer(read_prompt(body));
  if (!parts) return;
  plan.parts = std::move(*parts);
  plan.cut_short = false;
}

std::size_t tokens_of(std::string_view text) {
  return (text.size() + kBytesPerToken - 1) / kBytesPerToken;
}

std::size_t prompt_tokens_of(const Json& body) {
  std::size_t tokens = 0;
  for (const std::string_view name : {"system", "instructions", "messages", "input", "tools"}) {
    if (const Json* value = member(body, name)) tokens += tokens_of(text_of(*value));
  }
  return tokens;
}

}  // namespace penstock::sim
