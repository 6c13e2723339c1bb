// What keys may be used for, as clients see it.

#include <gmock/gmock.h>

#include <string>

#include "gateway/routed_gateway.h"
#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class KeyPermissions : public SimulatedGateway {
 protected:
  KeyPermissions() {
    config::ApiKey& key = settings->server.api_keys.emplace_back();
    key.name = "alice";
    key.key = Secret("sk-alice-0000");
  }

  config::Terms& terms() { return settings->server.api_keys.front().terms; }
  std::string ask(std::string_view model, std::string_view path = "/v1/chat/completions") {
    const std::string body =
        R"({"model":")" + std::string(model) + R"(","messages":[],"max_tokens":1})";
    return say("POST " + std::string(path) +
               " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-alice-0000\r\n"
               "Content-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
  }
};

// limits.md case 44
TEST_F(KeyPermissions, OfModelsAreCheckedUnderAllNames) {
  terms().models = {"p/m*"};
  terms().denied_models = {"p/m-secret"};
  start();
  EXPECT_THAT(ask("p/other"),
              AllOf(StartsWith("HTTP/1.1 403"), HasSubstr(R"("code":"model_not_allowed")"),
                    HasSubstr("the key alice may not use the model 'p/other'")));
  EXPECT_THAT(ask("p/m-secret"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(ask("p/other", "/v1/messages"),
              AllOf(StartsWith("HTTP/1.1 403"), HasSubstr(R"("type":"permission_error")")));
  EXPECT_TRUE(upstreams.empty());
  EXPECT_EQ(ask("p/m"), "");
}

TEST_F(KeyPermissions, DenyAModelUnderWhicheverNameTheyDenyIt) {
  terms().denied_models = {"secret"};
  start();
  EXPECT_THAT(ask("p/secret"), StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(ask("p/m"), "");
}

TEST_F(KeyPermissions, DenyAModelWhoseProviderTheRequestNames) {
  terms().denied_models = {"p/secret"};
  start();
  EXPECT_THAT(ask("secret", "/p/p/v1/chat/completions"), StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(ask("m", "/p/p/v1/chat/completions"), "");
}

TEST_F(KeyPermissions, OfProvidersHoldForModelsWithoutARoute) {
  terms().providers = {"q"};
  start();
  EXPECT_THAT(ask("p/m"), AllOf(StartsWith("HTTP/1.1 403"),
                                HasSubstr("the key alice may not use the provider p")));
}

TEST_F(KeyPermissions, OfRoutesAreOfPaths) {
  terms().routes = {"/v1/chat/*"};
  start();
  EXPECT_THAT(ask("p/m", "/v1/embeddings"),
              AllOf(StartsWith("HTTP/1.1 403"), HasSubstr(R"("code":"forbidden")"),
                    HasSubstr("the key alice may not use /v1/embeddings")));
  EXPECT_THAT(ask("p/m", "/v1/openai/v1/embeddings"), StartsWith("HTTP/1.1 403"))
      << "the older prefix leads around the rule";
  EXPECT_EQ(ask("p/m"), "");
}

TEST_F(KeyPermissions, OfAddressesAreOfTheClients) {
  terms().addresses = {*AddressRange::parse("192.0.2.0/24")};
  start();
  EXPECT_THAT(ask("p/m"), AllOf(StartsWith("HTTP/1.1 403"),
                                HasSubstr("the key alice may not be used from the address")));
}

// limits.md case 44
TEST_F(KeyPermissions, EndWithTheKey) {
  config::ApiKey& key = settings->server.api_keys.front();
  key.expires = sim.loop().wall() + std::chrono::hours(1);
  start();
  EXPECT_EQ(ask("p/m"), "");
  upstream_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  sim.pass(std::chrono::hours(1));
  auto [near, far] = testing::memory_pair();
  client = std::move(far);
  connection.reset();
  connection.emplace(http::ServerContext{sim.loop(), scratch, limits, bodies, *gateway},
                     std::move(near));
  tasks.start(connection->serve());
  sim.settle();
  EXPECT_THAT(ask("p/m"),
              AllOf(StartsWith("HTTP/1.1 401"), HasSubstr(R"("code":"expired_api_key")"),
                    HasSubstr("the API key alice has expired")));
}

class RoutedPermissions : public RoutedGateway {
 protected:
  RoutedPermissions() {
    config::ApiKey& key = settings->server.api_keys.emplace_back();
    key.name = "alice";
    key.key = Secret("sk-alice-0000");
  }

  config::Terms& terms() { return settings->server.api_keys.front().terms; }
  static std::string ask(std::string_view model = "smart") {
    return chat(model, "Authorization: Bearer sk-alice-0000\r\n");
  }
};

TEST_F(RoutedPermissions, OfProvidersLeaveOutTargets) {
  route("ab");
  terms().providers = {"b"};
  start();
  a().always = Act::error(500);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(begin(ask()).reply().status, 200);
  EXPECT_EQ(a().served(), 0u);
  EXPECT_EQ(b().served(), 10u);
}

TEST_F(RoutedPermissions, OfProvidersRefuseARouteWithoutOneOfThem) {
  route("ab");
  terms().providers = {"c"};
  start();
  EXPECT_EQ(begin(ask()).reply().status, 403);
  EXPECT_EQ(a().served() + b().served(), 0u);
}

TEST_F(RoutedPermissions, OfModelsLeaveOutTargetsThatAreDenied) {
  route("ab");
  terms().models = {"smart"};
  terms().denied_models = {"a/m"};
  start();
  EXPECT_EQ(begin(ask()).reply().status, 200);
  EXPECT_EQ(a().served(), 0u) << "a route leads around a denial";
  EXPECT_EQ(b().served(), 1u);
}

TEST_F(RoutedPermissions, OfModelsHoldForFallbacksUnderTheirOtherNames) {
  route("a").fallbacks.any = {"b/m", "third"};
  route("c", "third");
  terms().denied_models = {"m"};
  start();
  EXPECT_EQ(begin(ask()).reply().status, 403) << "all targets are called m by their upstreams";
  EXPECT_EQ(a().served() + b().served() + c().served(), 0u);
}

TEST_F(RoutedPermissions, OfModelsHoldForFallbacks) {
  route("a").fallbacks.any = {"other", "third"};
  route("b", "other");
  route("c", "third");
  terms().denied_models = {"other"};
  start();
  a().always = Act::error(500);
  Client& client = begin(ask());
  pass(std::chrono::seconds(30));
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_EQ(b().served(), 0u) << "a fallback leads around a denial";
  EXPECT_EQ(c().served(), 1u);
}

TEST_F(RoutedPermissions, OfProvidersHoldForFallbacks) {
  route("a").fallbacks.any = {"other", "third"};
  route("b", "other");
  route("c", "third");
  terms().providers = {"a", "c"};
  start();
  a().always = Act::error(500);
  Client& client = begin(ask());
  pass(std::chrono::seconds(30));
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_EQ(b().served(), 0u);
  EXPECT_EQ(c().served(), 1u);
}

}  // namespace
}  // namespace penstock::gateway
