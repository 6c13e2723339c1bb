#pragma once

// TestService: the whole server inside the test's process, on its own port and with its own access
// log file.

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/service.h"
#include "config/settings.h"
#include "core/result.h"
#include "support/patience.h"
#include "support/temp_directory.h"
#include "telemetry/log.h"

namespace penstock::testing {

// The decoder's result for a run.yaml. Throws, with all problems, if it has errors.
config::Settings settings_from_yaml(std::string_view text);

// One provider `passthrough` with that base_url (empty: none), one thread, and otherwise the
// defaults.
config::Settings passthrough_settings(std::string_view base_url);

class TestService {
 public:
  // Replaces the host, if it is no unix socket, the ports, and the access log of the settings.
  // Throws if the server cannot be started.
  explicit TestService(config::Settings settings);
  // Stops it.
  ~TestService();
  TestService(const TestService&) = delete;
  TestService& operator=(const TestService&) = delete;

  std::uint16_t port() const { return service_->place().port(); }
  // Of the admin listener, which the settings ask for.
  std::uint16_t admin_port() const { return service_->admin_place()->port(); }

  // Serves new requests with these settings, but for the address and the access log.
  Status reload(config::Settings settings);

  Status reopen_access_log() { return service_->reopen_access_log(); }

  net::LoopPulse& pulse() { return service_->pulse(); }

  void drain() { service_->drain(); }
  void stop() { service_->stop(); }
  // Whether the threads have ended in time, after drain() or stop().
  bool wait(milliseconds limit = kPatience);

  // The lines of the access log, once there are at least `count` of them. If they do not come,
  // fails the test and returns as many empty ones.
  std::vector<std::string> access_log(std::size_t count, milliseconds limit = kPatience) const;
  // The value of a sample of /metrics, named with its labels as in the text; 0 if it is not there.
  double metric(std::string_view sample) const;

 private:
  std::shared_ptr<const config::Settings> as_served(config::Settings settings) const;

  TempDirectory directory_;
  telemetry::Log log_{telemetry::LogLevel::kOff};
  std::unique_ptr<app::Service> service_;
  std::future<void> ended_;  // of the one call of Service::wait()
};

// The value of a sample in a page of metrics, as TestService::metric().
double sample_of(const std::string& page, std::string_view sample);

// Polls until `condition` holds, for what no socket or latch can report, such as a file's content
// or the number of open descriptors. Returns whether it held in time.
bool eventually(const std::function<bool()>& condition, milliseconds limit = kPatience);

}  // namespace penstock::testing
