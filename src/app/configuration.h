#pragma once

// The configuration that a command is given.

#include <memory>
#include <string>
#include <vector>

#include "app/commands.h"
#include "config/settings.h"
#include "telemetry/log.h"

namespace penstock::app {

// Loads it, and writes its problems to stderr. Null if it cannot be used.
std::shared_ptr<config::Settings> load_configuration(const ConfigSource& source);

struct ConfigurationToServe {
  std::shared_ptr<config::Settings> settings;  // null: it cannot be served
  std::vector<std::string> problems;           // that keep it from that; else warnings
};
// The one that a server with these options serves: with the address of the command line. One that
// would let anybody use the upstreams is refused.
ConfigurationToServe configuration_to_serve(const ServeOptions& options);

telemetry::LogLevel log_level(config::LogLevel level);

// Whether only this machine can reach it.
bool is_loopback(const std::string& host);
// The host of a listener that strangers can reach although no keys are configured; empty: none.
std::string host_open_to_strangers(const config::Settings& settings);
// Why a server without keys does not listen there.
std::string anonymous_refusal(const std::string& host);

}  // namespace penstock::app
