#pragma once

// The commands of the command line, one function each. They return exit statuses.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imports/import.h"

namespace penstock::app {

inline constexpr int kSuccess = 0;
inline constexpr int kFailed = 1;
inline constexpr int kMistake = 2;  // in the command line or the configuration

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

struct DiffOptions {
  std::string before;  // files
  std::string after;
  bool json = false;
};

struct HealthOptions {
  ConfigSource config;
  std::string url;  // of a server; empty: where one of the configuration listens
  std::optional<std::uint16_t> port;
  bool ready = false;  // whether it should get traffic, not only whether it serves
};

struct ReloadOptions {
  ConfigSource config;
  std::string url;  // of a server; empty: where one of the configuration listens
  std::string api_key;
};

struct StoreOptions {
  enum class Action : std::uint8_t { kCheck, kBackUp, kMigrate } action = Action::kCheck;
  std::string folder;
  std::string copy;  // a new folder, of kBackUp
};

struct PricesShowOptions {
  ConfigSource config;
  std::string model;     // the upstream's name
  std::string provider;  // id or type; may be empty
};

struct PricesUpdateOptions {
  ConfigSource config;
  std::string from;  // a file
  std::string to;    // empty: the file of the configuration, or the installed one
};

int serve(const ServeOptions& options);
int check(const ConfigSource& config);
// Prints what would change. 0 if nothing does, 1 if something does.
int diff(const DiffOptions& options);
int list_models(const ConfigSource& config);
// Prints the configuration of another gateway as one of ours, and remarks to stderr.
int import_config(const ImportOptions& options);
int explain_route(const ExplainOptions& options);
// 0 if the server is well, 1 if it is not or does not answer.
int health(const HealthOptions& options);
// Lets a running server take its configuration again. 1 if it refuses it, or does not answer.
int reload(const ReloadOptions& options);
// 0 if every file of the store is sound, is copied, or has the latest schema; else 1.
int keep_store(const StoreOptions& options);
// 1 if the model has no price.
int show_price(const PricesShowOptions& options);
int check_prices(const std::string& file);
// Prints what changes, and puts the new file in the place of the old one.
int update_prices(const PricesUpdateOptions& options);

}  // namespace penstock::app
