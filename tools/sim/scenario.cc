#include "sim/scenario.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "sim/refusals.h"

namespace penstock::sim {
namespace {

bool has_only(const Json& object, std::initializer_list<std::string_view> names) {
  const auto known = [&names](const auto& item) {
    return std::find(names.begin(), names.end(), item.key()) != names.end();
  };
  const auto items = object.items();
  return std::all_of(items.begin(), items.end(), known);
}

}  // namespace

Result<std::shared_ptr<const Scenario>> Scenario::make(const Json& rules) {
  if (!rules.is_array()) return refusal("A scenario is a JSON array of rules.");
  auto scenario = std::make_shared<Scenario>();
  for (const Json& json : rules) {
    Rule& rule = scenario->rules_.emplace_back();
    if (read_rule(json, rule)) continue;
    return refusal("Rule " + std::to_string(scenario->rules_.size()) +
                   " of the scenario is not valid: it has `results` (a number), `contains`, "
                   "`think`, `say` (texts) and `calls` (a list of {\"tool\", \"arguments\"}).");
  }
  return std::shared_ptr<const Scenario>(std::move(scenario));
}

Result<std::shared_ptr<const Scenario>> Scenario::load(const std::string& path) {
  std::ifstream file(path);
  if (!file) return refusal("The scenario '" + path + "' cannot be opened.");
  return make(Json::parse(file, nullptr, false));
}

bool Scenario::read_rule(const Json& json, Rule& rule) {
  if (!json.is_object()) return false;
  if (!has_only(json, {"results", "contains", "think", "say", "calls"})) return false;
  rule.results = count_member(json, "results");
  if (json.contains("results") && !rule.results) return false;
  rule.contains = text_member(json, "contains");
  rule.think = text_member(json, "think");
  rule.say = text_member(json, "say");
  const Json* calls = member(json, "calls");
  if (calls == nullptr) return true;
  if (!calls->is_array()) return false;
  return std::all_of(calls->begin(), calls->end(), [&rule](const Json& call) {
    return read_call(call, rule.calls.emplace_back());
  });
}

bool Scenario::read_call(const Json& json, Call& call) {
  const Json* tool = member(json, "tool");
  const Json* arguments = member(json, "arguments");
  if (tool == nullptr || !has_only(json, {"tool", "arguments"})) return false;
  for (const Json& name : tool->is_array() ? *tool : Json::array({*tool})) {
    if (!name.is_string()) return false;
    call.tools.push_back(name.get<std::string>());
  }
  if (arguments == nullptr) {
    call.arguments = "{}";
  } else {
    const bool text = arguments->is_string();
    call.arguments = text ? arguments->get<std::string>() : text_of(*arguments);
  }
  return !call.tools.empty();
}

const OfferedTool* Scenario::find_tool(const Call& call, const Prompt& prompt) {
  for (const std::string& name : call.tools) {
    if (const OfferedTool* tool = prompt.offered(name)) return tool;
  }
  return nullptr;
}

bool Scenario::applies(const Rule& rule, const Prompt& prompt) {
  if (rule.results && *rule.results != prompt.results) return false;
  if (prompt.text.find(rule.contains) == std::string::npos) return false;
  return std::all_of(rule.calls.begin(), rule.calls.end(),
                     [&prompt](const Call& call) { return find_tool(call, prompt) != nullptr; });
}

std::optional<std::vector<AnswerPart>> Scenario::answer(const Prompt& prompt) const {
  using Kind = AnswerPart::Kind;
  const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                 [&prompt](const Rule& r) { return applies(r, prompt); });
  if (rule == rules_.end()) return std::nullopt;
  std::vector<AnswerPart> parts;
  if (!rule->think.empty()) parts.push_back({Kind::kReasoning, Wording::of(rule->think)});
  if (!rule->say.empty()) parts.push_back({Kind::kText, Wording::of(rule->say)});
  for (const Call& call : rule->calls) {
    const OfferedTool* tool = find_tool(call, prompt);
    parts.push_back({tool->custom ? Kind::kCustomCall : Kind::kCall, Wording::of(call.arguments),
                     tool->name, tool->name_space});
  }
  return parts;
}

}  // namespace penstock::sim
