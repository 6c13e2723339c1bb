#include "app/commands.h"

#include <atomic>
#include <csignal>
#include <ctime>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "app/model_table.h"
#include "app/service.h"
#include "config/load.h"
#include "net/descriptor_limit.h"
#include "net/ip_address.h"

namespace penstock::app {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailed = 1;
constexpr int kMistake = 2;

// Loads the configuration and writes its problems to stderr.
std::shared_ptr<config::Settings> load(const ConfigSource& source) {
  const config::Environment environment = config::process_environment();
  config::Loaded loaded = source.file.empty() ? config::load_text(config::built_in_configuration(),
                                                                  "built-in", environment)
                                              : config::load_file(source.file, environment);
  for (const config::Problem& problem : loaded.problems) std::cerr << problem.text() << "\n";
  if (!loaded.settings) return nullptr;
  return std::make_shared<config::Settings>(std::move(*loaded.settings));
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const std::optional<net::IpAddress> address = net::IpAddress::parse(host);
  if (!address) return false;
  const net::IpAddress loopback_v4(net::IpAddress::V4Bytes{127, 0, 0, 0});
  return address->unmapped().has_prefix(loopback_v4, 8) || *address == net::IpAddress::parse("::1");
}

// Blocked in every thread, so that sigtimedwait() is what receives them.
sigset_t block_end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

// The first signal begins the drain, the second cuts it short.
void run_until_signalled(Service& service, telemetry::Log& log, const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  log.info("draining: a second signal ends at once");
  service.drain();
  std::atomic<bool> ended{false};
  std::thread waiting([&] {
    service.wait();
    ended = true;
  });
  const timespec interval{.tv_sec = 0, .tv_nsec = 20'000'000};
  while (!ended) {
    if (sigtimedwait(&signals, nullptr, &interval) > 0) {
      log.info("ending at once");
      service.stop();
    }
  }
  waiting.join();
}

}  // namespace

int serve(const ServeOptions& options) {
  const std::shared_ptr<config::Settings> settings = load(options.config);
  if (settings == nullptr) return kMistake;
  config::Server& server = settings->server;
  if (options.host) server.host = *options.host;
  if (options.port) server.port = *options.port;
  if (!is_loopback(server.host) && server.api_keys.empty() && !options.allow_anonymous) {
    std::cerr << "penstock: " << server.host << " is not a loopback address, and no "
              << "server.api_keys are configured: everybody who reaches it could use the "
              << "upstreams. Configure keys, or give --allow-anonymous.\n";
    return kMistake;
  }
  const sigset_t signals = block_end_signals();
  telemetry::Log log(telemetry::LogLevel::kInfo);
  const std::size_t descriptors = net::raise_descriptor_limit();
  if (descriptors < 2 * server.limits.connections) {
    log.info("the descriptor limit, " + std::to_string(descriptors) +
             ", is less than two for each of server.limits.connections");
  }
  auto service = Service::start(settings, log);
  if (!service) {
    std::cerr << "penstock: " << service.error().message << "\n";
    return kFailed;
  }
  const std::string scheme = server.tls_certfile.empty() ? "http://" : "https://";
  log.info("listening on " + scheme + (*service)->address());
  run_until_signalled(**service, log, signals);
  log.info("ended");
  return kSuccess;
}

int check(const ConfigSource& config) {
  const std::shared_ptr<config::Settings> settings = load(config);
  if (settings == nullptr) return kMistake;
  std::cout << config::describe(*settings);
  return kSuccess;
}

int list_models(const ConfigSource& config) {
  const std::shared_ptr<config::Settings> settings = load(config);
  if (settings == nullptr) return kMistake;
  std::signal(SIGPIPE, SIG_IGN);
  const ModelTable table = ask_for_models(*settings);
  for (const std::string& problem : table.problems) std::cerr << "penstock: " << problem << "\n";
  std::cout << table.text();
  return table.problems.empty() ? kSuccess : kFailed;
}

}  // namespace penstock::app
