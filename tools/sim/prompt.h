#pragma once

// Prompt: what a request to chat, Responses or Messages offers and says, whichever its shape.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/json.h"

namespace penstock::sim {

struct OfferedTool {
  std::string name;
  std::string name_space = {};  // the namespace that it stands in (Responses); empty: none
  bool custom = false;          // called with a text instead of arguments (Responses)
};

struct Prompt {
  std::vector<OfferedTool> tools;
  std::size_t results = 0;  // of tools, in the whole conversation
  std::string text;         // everything that the user has said
  bool must_call = false;   // tool_choice demands a call
  std::string must_name;    // of that tool; empty: the first one will do

  const OfferedTool* offered(std::string_view name) const;
  // The tool that has to be called; null: none.
  const OfferedTool* demanded() const;
};

// `body` is that of any of the three APIs; their members do not collide.
Prompt read_prompt(const Json& body);

}  // namespace penstock::sim
