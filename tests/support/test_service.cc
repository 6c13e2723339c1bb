#include "support/test_service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "config/load.h"
#include "config/url.h"
#include "support/raw_client.h"

namespace penstock::testing {

config::Settings settings_from_yaml(std::string_view text) {
  const auto empty = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };
  config::Loaded loaded = config::load_text(text, "test.yaml", empty);
  if (loaded.settings) return std::move(*loaded.settings);
  std::string problems;
  for (const config::Problem& problem : loaded.problems) problems += problem.text() + "\n";
  throw std::runtime_error(problems);
}

config::Settings passthrough_settings(std::string_view base_url) {
  const std::string url = base_url.empty() ? "" : fmt::format("\n        base_url: {}", base_url);
  return settings_from_yaml(fmt::format(R"(version: 2
providers:
  inference:
    - provider_id: passthrough
      provider_type: remote::passthrough
      config:
        refresh_models: false{}
server:
  threads: 1
)",
                                        url));
}

TestService::TestService(config::Settings settings) {
  auto started = app::Service::start(as_served(std::move(settings)), log_);
  if (!started) throw std::runtime_error(started.error().message);
  service_ = std::move(*started);
}

std::shared_ptr<const config::Settings> TestService::as_served(config::Settings settings) const {
  if (config::socket_of_host(settings.server.host).empty()) settings.server.host = "127.0.0.1";
  settings.server.port = 0;
  if (settings.admin) settings.admin->port = 0;
  settings.server.access_log = directory_.path_of("access.log");
  return std::make_shared<const config::Settings>(std::move(settings));
}

Status TestService::reload(config::Settings settings) {
  return service_->reload(as_served(std::move(settings)));
}

TestService::~TestService() {
  service_->stop();
  if (ended_.valid()) {
    ended_.wait();
  } else {
    service_->wait();
  }
}

bool TestService::wait(milliseconds limit) {
  if (!ended_.valid()) {
    ended_ = std::async(std::launch::async, [this] { service_->wait(); });
  }
  return ended_.wait_for(limit) == std::future_status::ready;
}

std::vector<std::string> TestService::access_log(std::size_t count, milliseconds limit) const {
  std::vector<std::string> lines;
  const bool came = eventually(
      [&] {
        lines.clear();
        std::istringstream text(read_file(directory_.path_of("access.log")));
        for (std::string line; std::getline(text, line);) lines.push_back(line);
        return lines.size() >= count;
      },
      limit);
  EXPECT_TRUE(came) << lines.size() << " lines instead of " << count;
  if (!came) lines.resize(count);
  return lines;
}

double TestService::metric(std::string_view sample) const {
  RawClient client(port());
  return sample_of(client.ask(get("/metrics")).body, sample);
}

double sample_of(const std::string& page, std::string_view sample) {
  std::istringstream text(page);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(sample) && line[sample.size()] == ' ') {
      return std::strtod(line.c_str() + sample.size(), nullptr);
    }
  }
  return 0;
}

bool eventually(const std::function<bool()>& condition, milliseconds limit) {
  const TimePoint until = after(limit);
  for (;;) {
    if (condition()) return true;
    if (Clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace penstock::testing
