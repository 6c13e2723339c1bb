// The admin listener of a whole server, and how the server leaves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/gateway_test.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

class Operators : public GatewayTest {
 protected:
  Operators() { settings.admin.emplace(); }

  WholeAnswer ask(const std::string& path) {
    return RawClient(service().admin_port()).ask(get(path));
  }

  // A request that waits for its upstream until `rest_` is released.
  RawClient open_request() {
    upstream.answer_next(Script().pause(rest_).send(json_answer(200, chat_answer_body())));
    RawClient client = connect();
    EXPECT_TRUE(client.send(chat(Answer::kWhole)));
    upstream.wait_for_request(0);
    return client;
  }

  const std::shared_ptr<Latch> rest_ = std::make_shared<Latch>();
};

TEST_F(Operators, AreServedApartFromClients) {
  EXPECT_EQ(ask("/livez").status(), 200);
  EXPECT_EQ(ask("/readyz").status(), 200);
  EXPECT_THAT(ask("/metrics").body, HasSubstr("penstock_open_requests"));
  EXPECT_EQ(ask("/v1/models").status(), 404);
  EXPECT_EQ(connect().ask(get("/metrics")).status(), 200);
}

TEST_F(Operators, KeepTheirRoutesToThemselvesFromTheReloadOnThatSaysSo) {
  EXPECT_EQ(connect().ask(get("/metrics")).status(), 200);
  settings.admin->only_here = true;
  ASSERT_TRUE(service().reload(settings).has_value());
  EXPECT_EQ(connect().ask(get("/metrics")).status(), 404);
  EXPECT_EQ(ask("/metrics").status(), 200);
}

TEST_F(Operators, AreAnsweredWhileClientsHaveAllConnections) {
  limits().connections = 2;
  limits().reserved_connections = 0;
  settings.server.api_keys.push_back({.name = "k", .key = Secret("sk-penstock-1")});
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    upstream.answer_next(Script().stall());
    clients.push_back(connect());
    ASSERT_TRUE(clients.back().send(
        post(kChatPath, chat_body(), {{"authorization", "Bearer sk-penstock-1"}})));
    upstream.wait_for_request(static_cast<std::size_t>(i));
  }
  EXPECT_EQ(ask("/readyz").status(), 200);
}

TEST_F(Operators, SeeTheWholeDrain) {
  RawClient client = open_request();
  service().drain();
  EXPECT_TRUE(eventually([&] { return ask("/readyz").status() == 503; }));
  EXPECT_THAT(ask("/readyz").body, HasSubstr("draining"));
  EXPECT_EQ(ask("/livez").status(), 200);
  EXPECT_EQ(sample_of(ask("/metrics").body, "penstock_open_streams"), 0);
  EXPECT_FALSE(service().wait(milliseconds(0)));
  rest_->release();
  EXPECT_EQ(client.read_answer().status(), 200);
  EXPECT_TRUE(service().wait());
}

TEST_F(Operators, UseNoTlsUnlessTheyAreToldTo) {
  const TestPki pki;
  settings.server.tls_certfile = pki.certificate_file();
  settings.server.tls_keyfile = pki.key_file();
  EXPECT_EQ(ask("/livez").status(), 200);
  EXPECT_FALSE(ask("/livez").head.find("strict-transport-security").has_value());
}

class DrainDelay : public Operators {};

TEST_F(DrainDelay, TakesWorkUntilItIsOver) {
  settings.server.drain.delay = std::chrono::minutes(1);
  RawClient client = connect();
  EXPECT_EQ(client.ask(get("/healthz")).status(), 200);
  service().drain();
  ASSERT_TRUE(eventually([&] { return connect().ask(get("/readyz")).status() == 503; }));
  EXPECT_EQ(ask("/readyz").status(), 503);
  const WholeAnswer answer = client.ask(chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_FALSE(service().wait(milliseconds(0)));
  service().stop();
  EXPECT_TRUE(service().wait());
}

TEST_F(DrainDelay, IsFollowedByTheDrain) {
  settings.server.drain.delay = milliseconds(20);
  RawClient client = open_request();
  service().drain();
  rest_->release();
  EXPECT_EQ(client.read_answer().status(), 200);
  EXPECT_TRUE(service().wait());
}

TEST_F(DrainDelay, LetsNoConfigurationBeTaken) {
  settings.server.drain.delay = std::chrono::minutes(1);
  service().drain();
  EXPECT_FALSE(service().reload(settings).has_value());
  service().stop();
  EXPECT_TRUE(service().wait());
}

}  // namespace
}  // namespace penstock::testing
