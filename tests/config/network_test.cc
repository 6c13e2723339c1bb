// What providers.inference[].config.network says about connections.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/loading.h"

namespace penstock::config {
namespace {

using std::chrono::milliseconds;

// reported-failures 7.11, 4.3
TEST(Network, ReadsTheLimitsOfAProvidersConnections) {
  const Loaded loaded = load(R"(
providers:
  inference:
  - provider_id: a
    provider_type: remote::passthrough
    config:
      network:
        limits: {max_connections: 100, max_keepalive_connections: 0, keepalive_expiry: 5.5,
                 max_waiting: 7}
        retry_stale_connection: false
  - provider_id: b
    provider_type: remote::passthrough
    config: {network: {limits: {max_connections: null}}}
)");
  ASSERT_TRUE(loaded.settings) << testing::PrintToString(texts_of(loaded));
  const Settings& settings = *loaded.settings;
  const Provider& limited = settings.providers.at(0);
  EXPECT_EQ(limited.connection_limits.max_connections, 100u);
  EXPECT_EQ(limited.connection_limits.max_keepalive_connections, 0u);
  EXPECT_EQ(limited.connection_limits.keepalive_expiry, milliseconds(5'500));
  EXPECT_EQ(limited.connection_limits.max_waiting, 7u);
  EXPECT_FALSE(limited.retry_stale_connection);
  const Provider& other = settings.providers.at(1);
  EXPECT_FALSE(other.connection_limits.max_connections);
  EXPECT_FALSE(other.connection_limits.max_keepalive_connections);
  EXPECT_TRUE(other.retry_stale_connection);
}

}  // namespace
}  // namespace penstock::config
