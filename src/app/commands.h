#pragma once

// The commands of the command line, one function each. They return exit statuses.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imports/import.h"

namespace penstock::app {

struct ConfigSource {
  std::string file;  // empty: the built-in configuration
};

struct ServeOptions {
  ConfigSource config;
  std::optional<std::string> host;
  std::optional<std::uint16_t> port;
  bool allow_anonymous = false;
};

struct ImportOptions {
  imports::Source source = imports::Source::kLiteLlm;
  std::string file;
};

struct ExplainOptions {
  ConfigSource config;
  std::string model;
  std::vector<std::string> headers;  // `name=value`, or `name: value`
  std::string body_file;             // empty: a body that only names the model
  std::string path = "/v1/chat/completions";
  std::string url;  // of a running server; empty: that of the configuration, if one runs there
  std::string api_key;
};

int serve(const ServeOptions& options);
int check(const ConfigSource& config);
int list_models(const ConfigSource& config);
// Prints the configuration of another gateway as one of ours, and remarks to stderr.
int import_config(const ImportOptions& options);
int explain_route(const ExplainOptions& options);

}  // namespace penstock::app
