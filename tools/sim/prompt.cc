#include "sim/prompt.h"

#include <utility>

namespace penstock::sim {
namespace {

bool is_result(std::string_view type) {
  return type == "tool_result" || type == "function_call_output" ||
         type == "custom_tool_call_output" || type == "local_shell_call_output" ||
         type == "shell_call_output" || type == "apply_patch_call_output";
}

// `{"name":…}`, or chat's `{"function":{"name":…}}`.
std::string tool_name(const Json& tool) {
  const Json* function = member(tool, "function");
  return text_member(function != nullptr ? *function : tool, "name");
}

void read_tools(const Json& tools, const std::string& name_space, Prompt& prompt) {
  for (const Json& tool : tools) {
    const std::string type = text_member(tool, "type");
    if (type == "namespace") {
      const Json* inner = member(tool, "tools");
      if (inner != nullptr) read_tools(*inner, text_member(tool, "name"), prompt);
      continue;
    }
    std::string name = tool_name(tool);
    if (name.empty()) continue;
    prompt.tools.push_back({std::move(name), name_space, type == "custom"});
  }
}

// The value is a name ("required", "any"), or an object that names a tool or a kind of choice.
void read_tool_choice(const Json& choice, Prompt& prompt) {
  const std::string kind =
      choice.is_string() ? choice.get<std::string>() : text_member(choice, "type");
  prompt.must_name = tool_name(choice);
  prompt.must_call = kind == "required" || kind == "any" || !prompt.must_name.empty();
}

void read_content(const Json& content, bool from_user, Prompt& prompt) {
  if (content.is_string() && from_user) prompt.text.append(content.get<std::string>()).append("\n");
  if (!content.is_array()) return;
  for (const Json& part : content) {
    if (is_result(text_member(part, "type"))) ++prompt.results;
    if (from_user) prompt.text.append(text_member(part, "text")).append("\n");
  }
}

void read_turns(const Json& turns, Prompt& prompt) {
  if (turns.is_string()) return read_content(turns, true, prompt);
  for (const Json& turn : turns) {
    const std::string role = text_member(turn, "role");
    if (role == "tool" || is_result(text_member(turn, "type"))) {
      ++prompt.results;
    } else if (const Json* content = member(turn, "content")) {
      read_content(*content, role == "user", prompt);
    }
  }
}

}  // namespace

const OfferedTool* Prompt::offered(std::string_view name) const {
  for (const OfferedTool& tool : tools) {
    if (tool.name == name) return &tool;
  }
  return nullptr;
}

const OfferedTool* Prompt::demanded() const {
  if (!must_call || tools.empty()) return nullptr;
  return must_name.empty() ? &tools.front() : offered(must_name);
}

Prompt read_prompt(const Json& body) {
  Prompt prompt;
  if (const Json* tools = member(body, "tools")) read_tools(*tools, {}, prompt);
  if (const Json* choice = member(body, "tool_choice")) read_tool_choice(*choice, prompt);
  for (const std::string_view name : {"messages", "input"}) {
    if (const Json* turns = member(body, name)) read_turns(*turns, prompt);
  }
  return prompt;
}

}  // namespace penstock::sim
