// Many connections: who is served at the limit.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

constexpr std::string_view kHealth = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kUnknownKey =
    "GET /v1/models HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer other-key\r\n\r\n";

class Connections : public GatewayTest {
 protected:
  Connections() {
    settings.server.api_keys.push_back({"alice", Secret("alice-key")});
    upstream.answer_always(
        Script().pause(answer_).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  }
  ~Connections() override { answer_->release(); }

  static std::string chat() {
    const std::string body = R"({"model":"passthrough/m","messages":[]})";
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer alice-key\r\n"
           "Content-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  double hits() { return service().metric(R"(penstock_limit_hits_total{limit="connections"})"); }

  std::shared_ptr<Latch> answer_ = std::make_shared<Latch>();
};

// faults-measured #9
TEST_F(Connections, WithoutAKeyDoNotKeepKeyHoldersOut) {
  limits().connections = 20;
  std::vector<RawClient> strangers;
  for (int i = 0; i < 25; ++i) {
    strangers.push_back(connect());
    if (i % 3 == 1) strangers.back().send("POST /v1/chat/completions HTTP/1.1\r\nHos");
    if (i % 3 == 2) {
      EXPECT_EQ(strangers.back().ask(kUnknownKey).status(), 401);
    }
  }
  std::vector<RawClient> holders;
  for (int i = 0; i < 20; ++i) {
    holders.push_back(connect());
    EXPECT_TRUE(holders.back().send(chat()));
    upstream.wait_for_request(static_cast<std::size_t>(i));
  }
  EXPECT_GE(hits(), 25);
  // Now all of them are serving: one more is served only if it asks for operations.
  RawClient more = connect();
  EXPECT_EQ(more.ask(kHealth).status(), 200);
  expect_error(more.ask(chat()), 503, "overloaded");
  std::vector<RawClient> crowd;
  for (int i = 0; i < 30; ++i) crowd.push_back(connect());
  RawClient operations = connect();
  EXPECT_EQ(operations.ask(kHealth).status(), 200);
  answer_->release();
  for (RawClient& holder : holders) EXPECT_EQ(holder.read_answer().status(), 200);
}

TEST_F(Connections, ThatRestGoWhereOthersNeedTheirPlace) {
  limits().connections = 2;
  answer_->release();
  RawClient first = connect();
  EXPECT_EQ(first.ask(chat()).status(), 200);
  RawClient second = connect();
  EXPECT_EQ(second.ask(chat()).status(), 200);
  RawClient third = connect();
  EXPECT_EQ(third.ask(chat()).status(), 200);
  EXPECT_EQ(first.read_to_end(), Io::kEnd);
  EXPECT_EQ(second.ask(chat()).status(), 200);
}

TEST_F(Connections, AreServedUpToTheLimitAndNoneGoes) {
  limits().connections = 4;
  std::vector<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(connect());
    EXPECT_EQ(clients.back().ask(kHealth).status(), 200);
  }
  for (RawClient& client : clients) EXPECT_EQ(client.ask(kHealth).status(), 200);
  EXPECT_EQ(hits(), 1) << "the connection that asks for the metric is the first one too many";
}

// faults-measured #9
TEST_F(Connections, DoNotStayForLongAfterARefusedKey) {
  timeouts().refused_idle = milliseconds(50);
  answer_->release();
  RawClient stranger = connect();
  EXPECT_EQ(stranger.ask(kUnknownKey).status(), 401);
  EXPECT_EQ(stranger.read_to_end(), Io::kEnd);
  // One that has shown a key, perhaps a proxy's, stays.
  RawClient holder = connect();
  EXPECT_EQ(holder.ask(chat()).status(), 200);
  EXPECT_EQ(holder.ask(kUnknownKey).status(), 401);
  EXPECT_EQ(holder.read_to_end(milliseconds(150)), Io::kTimeout);
}

}  // namespace
}  // namespace penstock::testing
