#include "app/configuration.h"

#include <iostream>
#include <optional>
#include <utility>

#include "config/confidential.h"
#include "config/load.h"
#include "config/url.h"
#include "core/ip_address.h"

namespace penstock::app {

namespace {

config::Loaded load(const ConfigSource& source) {
  const config::Environment environment = config::process_environment();
  if (!source.file.empty()) return config::load_file(source.file, environment);
  return config::load_text(config::built_in_configuration(), "built-in", environment);
}

}  // namespace

telemetry::LogLevel log_level(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kDebug:
      return telemetry::LogLevel::kDebug;
    case config::LogLevel::kInfo:
      return telemetry::LogLevel::kInfo;
    case config::LogLevel::kWarning:
      return telemetry::LogLevel::kWarning;
    case config::LogLevel::kError:
      return telemetry::LogLevel::kError;
  }
  return telemetry::LogLevel::kInfo;
}

// Or a unix socket, which only this machine reaches.
bool is_loopback(const std::string& host) {
  if (host == "localhost" || !config::socket_of_host(host).empty()) return true;
  const std::optional<IpAddress> address = IpAddress::parse(host);
  return address && address->is_loopback();
}

std::string host_open_to_strangers(const config::Settings& settings) {
  if (!settings.server.api_keys.empty()) return {};
  if (!is_loopback(settings.server.host)) return settings.server.host;
  if (settings.admin && !is_loopback(settings.admin->host)) return settings.admin->host;
  return {};
}

std::string anonymous_refusal(const std::string& host) {
  return host +
         " is not a loopback address, and no server.api_keys are configured: anybody who can "
         "reach it could use the upstreams. Configure keys, or run `penstock serve` with "
         "--allow-anonymous.";
}

std::shared_ptr<config::Settings> load_configuration(const ConfigSource& source) {
  config::Loaded loaded = load(source);
  for (const config::Problem& problem : loaded.problems) std::cerr << problem.text() << "\n";
  if (!loaded.settings) return nullptr;
  return std::make_shared<config::Settings>(std::move(*loaded.settings));
}

ConfigurationToServe configuration_to_serve(const ServeOptions& options) {
  config::Loaded loaded = load(options.config);
  ConfigurationToServe made;
  for (const config::Problem& problem : loaded.problems) made.problems.push_back(problem.text());
  if (!loaded.settings) return made;
  config::Server& server = loaded.settings->server;
  if (options.host) server.host = *options.host;
  if (options.port) server.port = *options.port;
  const std::string open_host = host_open_to_strangers(*loaded.settings);
  if (!open_host.empty() && !options.allow_anonymous) {
    made.problems.push_back("penstock: " + anonymous_refusal(open_host));
    config::confidential_of(*loaded.settings).mask(made.problems.back());
    return made;
  }
  made.settings = std::make_shared<config::Settings>(std::move(*loaded.settings));
  return made;
}

}  // namespace penstock::app
