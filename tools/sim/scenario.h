#pragma once

// Scenario: a script for a model: what it says and which tools it calls, by rules.
//
// A list of rules as JSON. The first one that applies gives the answer:
//
//     [{"results": 0, "calls": [{"tool": ["Write", "write"], "arguments": {"path": "/tmp/x"}}]},
//      {"results": 1, "say": "It is written."}]
//
// A rule applies if the conversation has as many tool results as `results` says, the user has said
// `contains`, and every tool that the rule calls is offered. Each of these may be left out. Where
// no rule applies, the answer is the usual made-up prose.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "sim/answers.h"
#include "sim/json.h"
#include "sim/prompt.h"

namespace penstock::sim {

class Scenario {
 public:
  // Fails with kInvalidRequest, and says which rule is wrong.
  static Result<std::shared_ptr<const Scenario>> make(const Json& rules);
  // Reads a file with such a list.
  static Result<std::shared_ptr<const Scenario>> load(const std::string& path);

  // Nullopt: no rule applies.
  std::optional<std::vector<AnswerPart>> answer(const Prompt& prompt) const;

 private:
  struct Call {
    std::vector<std::string> tools;  // names, of which the first that is offered is called
    std::string arguments;           // a JSON object; or the text for a custom tool
  };
  struct Rule {
    std::optional<std::uint64_t> results;
    std::string contains;
    std::string think;
    std::string say;
    std::vector<Call> calls;
  };

  static bool read_rule(const Json& json, Rule& rule);
  static bool read_call(const Json& json, Call& call);
  static const OfferedTool* find_tool(const Call& call, const Prompt& prompt);
  static bool applies(const Rule& rule, const Prompt& prompt);

  std::vector<Rule> rules_;
};

}  // namespace penstock::sim
