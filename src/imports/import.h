#pragma once

// The configuration files of other gateways, as a configuration of ours.
//
// What has no counterpart here is said in a remark, at its place. Secrets that the foreign file
// spells out are not repeated: the result refers to a variable, and a remark names it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace penstock::imports {

enum class Source : std::uint8_t { kLiteLlm, kLlamaSwap, kEnvoy };

struct Imported {
  std::string text;  // of a run.yaml; empty if there is nothing to import
  // About the foreign file, sorted by position. An error means that it cannot be read.
  std::vector<config::Problem> remarks;
};

// `text` is the content of `file`, which is a name for remarks only.
Imported import_text(Source source, std::string_view text, std::string_view file);

}  // namespace penstock::imports
