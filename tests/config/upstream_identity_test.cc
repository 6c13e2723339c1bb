#include "config/upstream_identity.h"

#include <gtest/gtest.h>

#include <functional>

namespace penstock::config {
namespace {

Provider some_upstream() {
  Provider provider;
  provider.id = "openai";
  provider.base_url = Url{.tls = true, .host = "api.test", .port = 443, .path = "/v1"};
  provider.messages_url = Url{.tls = true, .host = "api.test", .port = 443, .path = "/v1"};
  provider.api_key = Secret("one");
  provider.headers = {{.name = "x-a", .value = Secret("one")}};
  provider.query = {{.name = "key", .value = Secret("one")}};
  provider.proxies.http = *parse_proxy("http://u:one@proxy");
  return provider;
}

using Mutation = std::function<void(Provider&)>;

Provider with(const Mutation& change) {
  Provider provider = some_upstream();
  change(provider);
  return provider;
}

TEST(UpstreamIdentity, IsThatOfTheAddressesAndCredentials) {
  const std::vector<Mutation> changes = {
      [](Provider& p) { p.id = "other"; },
      [](Provider& p) { p.base_url->port = 8443; },
      [](Provider& p) { p.base_url.reset(); },
      [](Provider& p) { p.base_path = BasePath::kAsWritten; },
      [](Provider& p) { p.messages_url->host = "messages.test"; },
      [](Provider& p) { p.auth = KeyForm::kApiKey; },
      [](Provider& p) { p.messages_auth = KeyForm::kXApiKey; },
      [](Provider& p) { p.api_key = Secret("two"); },
      [](Provider& p) { p.headers[0].value = Secret("two"); },
      [](Provider& p) { p.headers.clear(); },
      [](Provider& p) { p.query[0].value = Secret("two"); },
      [](Provider& p) { p.query[0].name = "token"; },
      [](Provider& p) { p.listing.shape = ModelListing::Shape::kNone; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_FALSE(is_same_upstream(some_upstream(), with(changes[i]))) << i;
    EXPECT_FALSE(has_same_connections(some_upstream(), with(changes[i]))) << i;
  }
}

TEST(UpstreamIdentity, RemainsWhenOnlyTheWayToItChanges) {
  const std::vector<Mutation> changes = {
      [](Provider& p) { p.tls.verify = false; },
      [](Provider& p) { p.tls.client_cert = "other.pem"; },
      [](Provider& p) { p.connection_limits.max_connections = 7; },
      [](Provider& p) { p.proxies.https = *parse_proxy("http://proxy"); },
      [](Provider& p) { p.proxies.http = *parse_proxy("http://u:two@proxy-1"); },
      [](Provider& p) { p.proxies.no_proxy = {*NoProxy::parse("*")}; },
      [](Provider& p) { p.proxies.ca_file = "other.pem"; },
      [](Provider& p) { p.connection_limits.keepalive_expiry = milliseconds(1); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_TRUE(is_same_upstream(some_upstream(), with(changes[i]))) << i;
    EXPECT_FALSE(has_same_connections(some_upstream(), with(changes[i]))) << i;
  }
}

TEST(UpstreamIdentity, IsNotTouchedByRulesForRequests) {
  const std::vector<Mutation> changes = {
      [](Provider& p) { p.timeouts.connect = milliseconds(1); },
      [](Provider& p) { p.allowed_models = std::vector<std::string>{"a"}; },
      [](Provider& p) { p.refresh_models = true; },
      [](Provider& p) { p.key_order = KeyOrder::kCallerFirst; },
      [](Provider& p) { p.withheld_client_headers = {"x-b"}; },
      [](Provider& p) { p.shown_config = R"({"url":"https://api.test/v1"})"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_TRUE(has_same_connections(some_upstream(), with(changes[i]))) << i;
  }
}

}  // namespace
}  // namespace penstock::config
