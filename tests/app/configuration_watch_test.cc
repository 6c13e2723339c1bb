#include "app/configuration_watch.h"

#include <gtest/gtest.h>

#include <string>

#include "support/temp_directory.h"

namespace penstock::app {
namespace {

class ConfigurationWatchTest : public ::testing::Test {
 protected:
  ConfigurationWatchTest() {
    directory_.write("run.yaml", "a");
    settings_.server.reload.watch = true;
  }

  std::string path(std::string_view name) const { return directory_.path_of(name); }

  // Whether it tells of a change within the time that it waits for more.
  bool has_changed() {
    now_ += std::chrono::hours(1);
    const bool is_at_once = watch_.has_changed(now_);
    EXPECT_FALSE(is_at_once);
    return watch_.due() && watch_.has_changed(*watch_.due());
  }
  bool sees(std::string_view name) {
    static int writes = 0;
    directory_.write(name, std::to_string(++writes));
    return has_changed();
  }

  testing::TempDirectory directory_;
  telemetry::Log log_{telemetry::LogLevel::kOff};
  config::Settings settings_;
  ConfigurationWatch watch_{path("run.yaml"), log_};
  SteadyTime now_{};
};

TEST_F(ConfigurationWatchTest, WatchesNothingUnlessToldTo) {
  settings_.server.reload.watch = false;
  watch_.follow(settings_);
  EXPECT_EQ(watch_.descriptor(), -1);
  EXPECT_FALSE(sees("run.yaml"));
}

TEST_F(ConfigurationWatchTest, WatchesEveryFileThatTheConfigurationNames) {
  config::Server& server = settings_.server;
  server.tls_certfile = path("server.pem");
  server.tls_keyfile = path("server.key");
  server.tls_cafile = path("clients.pem");
  config::Provider provider;
  provider.tls.ca_file = path("upstream.pem");
  provider.tls.client_cert = path("client.pem");
  provider.tls.client_key = path("client.key");
  provider.proxies.ca_file = path("proxy.pem");
  settings_.providers = {provider};
  settings_.files = {{.path = path("key"), .text = Secret("sk-12345678")}};
  watch_.follow(settings_);
  EXPECT_GE(watch_.descriptor(), 0);
  for (const std::string_view name :
       {"run.yaml", "server.pem", "server.key", "clients.pem", "upstream.pem", "client.pem",
        "client.key", "proxy.pem", "key"}) {
    EXPECT_TRUE(sees(name)) << name;
  }
  EXPECT_FALSE(sees("other.pem"));
}

TEST_F(ConfigurationWatchTest, WaitsAsLongAsTheConfigurationSays) {
  settings_.server.reload.debounce = std::chrono::seconds(7);
  watch_.follow(settings_);
  directory_.write("run.yaml", "b");
  EXPECT_FALSE(watch_.has_changed(now_));
  EXPECT_EQ(watch_.due(), now_ + std::chrono::seconds(7));
}

TEST_F(ConfigurationWatchTest, FollowsTheNextConfiguration) {
  watch_.follow(settings_);
  settings_.server.tls_certfile = path("server.pem");
  watch_.follow(settings_);
  EXPECT_TRUE(sees("server.pem"));
  settings_.server.reload.watch = false;
  watch_.follow(settings_);
  EXPECT_EQ(watch_.descriptor(), -1);
  settings_.server.reload.watch = true;
  watch_.follow(settings_);
  EXPECT_TRUE(sees("run.yaml"));
}

}  // namespace
}  // namespace penstock::app
