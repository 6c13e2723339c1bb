#pragma once

// From the text of a run.yaml to Settings: parse, substitute ${env.…}, decode, and report every
// problem at once with its position.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace penstock::config {

// One remark about the file. Lines and columns count from 1.
struct Problem {
  enum class Severity { kWarning, kError };

  Severity severity = Severity::kError;
  std::string file;
  std::size_t line = 1;
  std::size_t column = 1;
  std::string message;  // names the key's path, what was expected, and the nearest known key

  // "file:line:column: message"; warnings as "file:line:column: warning: message".
  std::string text() const;
};

struct Loaded {
  std::optional<Settings> settings;  // nullopt if there is any error
  std::vector<Problem> problems;     // sorted by position; those of the whole file are last
};

// The environment as a function, so that tests need no process environment.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

Environment process_environment();

// Decodes `text`, the content of `file` (a name for messages only).
Loaded load_text(std::string_view text, std::string_view file, const Environment& environment);

// Reads and decodes a file; one that cannot be read is a problem at 1:1.
Loaded load_file(const std::string& path, const Environment& environment);

// The configuration used without a file: one provider `passthrough` from PASSTHROUGH_URL and
// PASSTHROUGH_API_KEY. Returned as the text of a run.yaml, for load_text and for the documentation.
std::string_view built_in_configuration();

// The resolved configuration as YAML in the reference's form. Every secret is masked, and what
// files contain (config/confidential.h).
std::string describe(const Settings& settings);

// Every key that the decoder knows, as `server.limits.header_bytes`, with `[]` for list items.
// docs/configuration.md is compared with it.
struct KnownKey {
  std::string path;
  std::string type;           // as in the documentation
  std::string default_value;  // likewise; empty if the key is required
};
std::vector<KnownKey> known_keys();

}  // namespace penstock::config
