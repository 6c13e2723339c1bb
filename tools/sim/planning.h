#pragma once

// Plans for the answers of chat-like APIs whose requests are read as trees: by the behaviour's
// scenario, by the tool that the request demands, or made-up prose.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/answers.h"
#include "sim/behaviour.h"
#include "sim/json.h"
#include "sim/token_text.h"

namespace penstock::sim {

struct Asked {
  const Model& model;
  const Json& body;
  std::string input;  // what the answer depends on
  bool reasons = false;
  std::optional<std::uint64_t> max_tokens;
};

AnswerPlan plan_for(const Asked& asked, const TokenText& text, const Behaviour& behaviour);

// Puts the scenario's answer in place of the plan's, where one of its rules applies.
void follow_scenario(AnswerPlan& plan, const Scenario& scenario, const Json& body);

// An estimate: a token for every four bytes.
std::size_t tokens_of(std::string_view text);
// Of everything in a request that a model reads, whichever of the three APIs it is for.
std::size_t prompt_tokens_of(const Json& body);

}  // namespace penstock::sim
