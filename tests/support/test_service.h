#pragma once

// TestService: the whole server inside the test's process, listening on a port of its own, with its
// access log in a file of its own.

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/service.h"
#include "config/settings.h"
#include "support/patience.h"
#include "support/temp_directory.h"
#include "telemetry/log.h"

namespace penstock::testing {

// What the decoder makes of a run.yaml. Throws, with all problems, where it has errors.
config::Settings settings_from_yaml(std::string_view text);

// One provider `passthrough` with that base_url (empty: none), one thread, and otherwise the
// defaults.
config::Settings passthrough_settings(std::string_view base_url);

class TestService {
 public:
  // Replaces the host and port of the settings, and the access log. Throws where the server cannot
  // be started.
  explicit TestService(config::Settings settings);
  // Stops it.
  ~TestService();
  TestService(const TestService&) = delete;
  TestService& operator=(const TestService&) = delete;

  std::uint16_t port() const { return service_->port(); }

  void drain() { service_->drain(); }
  void stop() { service_->stop(); }
  // Whether the threads have ended in time, after drain() or stop().
  bool wait(milliseconds limit = kPatience);

  // The lines of the access log, when there are at least `count` of them. Fails the test where they
  // do not come, and then there are as many empty ones.
  std::vector<std::string> access_log(std::size_t count, milliseconds limit = kPatience) const;
  // The value of a sample of /metrics, named with its labels as it stands there; 0 where it is not
  // there.
  double metric(std::string_view sample) const;

 private:
  TempDirectory directory_;
  telemetry::Log log_{telemetry::LogLevel::kOff};
  std::unique_ptr<app::Service> service_;
  std::future<void> ended_;  // of the one call of Service::wait()
};

// The value of a sample in a page of metrics, as TestService::metric().
double sample_of(const std::string& page, std::string_view sample);

// Asks again and again until `condition` holds: for what no socket or latch can tell, such as a
// file's content or the number of open descriptors. Whether it held in time.
bool eventually(const std::function<bool()>& condition, milliseconds limit = kPatience);

}  // namespace penstock::testing
