#pragma once

// server.cors: which pages in browsers may use the server (the Fetch standard, "CORS protocol").

#include <chrono>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace penstock::config {

// The library's way without backtracking: whoever names an origin cannot choose how long it takes.
inline constexpr auto kOriginRegexSyntax =
    std::regex_constants::ECMAScript | std::regex_constants::__polynomial;

struct Cors {
  std::vector<std::string> allow_origins;         // `*` for all
  std::optional<std::string> allow_origin_regex;  // ECMAScript's form; fits a whole origin
  std::vector<std::string> allow_methods = {"OPTIONS"};
  std::vector<std::string> allow_headers;  // `*` for all
  bool allow_credentials = false;
  std::vector<std::string> expose_headers;
  std::chrono::seconds max_age{600};  // for which a browser remembers an answer to a preflight
};

}  // namespace penstock::config
