#pragma once

// The file that `penstock init` writes: a small configuration with comments, for people to go on
// from.

#include <string>
#include <vector>

#include "app/upstream_kind.h"

namespace penstock::app {

// An upstream that has answered.
struct FoundUpstream {
  std::string url;
  UpstreamKind kind;
  std::string key_variable;         // of the environment; empty: it takes no key
  std::vector<std::string> models;  // as it names them
};

// `command`: what wrote it, for its first line.
std::string init_text(const std::vector<FoundUpstream>& upstreams, std::string_view command);

}  // namespace penstock::app
