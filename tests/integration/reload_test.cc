// A new configuration while the server runs: what changes at once, and what does not notice.

#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/url.h"
#include "support/gateway_test.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

class Reload : public GatewayTest {
 protected:
  void reload() {
    const Status served = service().reload(settings);
    EXPECT_TRUE(served) << (served ? "" : served.error().message);
  }
  void add_key(const std::string& name, const std::string& key) {
    settings.server.api_keys.push_back({.name = name, .key = Secret(key)});
  }
  // A chat request with that key.
  static std::string chat_with(const std::string& key) {
    return post(kChatPath, chat_body(), {{"Authorization", "Bearer " + key}});
  }
  std::size_t connections_of_requests() const { return upstream.used_connections(); }
};

TEST_F(Reload, LetsAnOpenStreamEndAsItBegan) {
  RawClient client = open_stream();
  ScriptedUpstream another;
  settings.providers[0].base_url = *config::parse_base_url(another.url());
  settings.providers[0].id = "renamed";
  reload();
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 404);
  rest_of_answers->release();
  const RawClient::Rest rest = client.read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_NE(rest.body.find("[DONE]"), std::string::npos) << rest.body;
}

TEST_F(Reload, SendsNewRequestsToTheNewUpstreamAlsoOnAConnectionThatIsOpen) {
  ScriptedUpstream another;
  RawClient client = connect();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  settings.providers[0].base_url = *config::parse_base_url(another.url());
  reload();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(upstream.requests().size(), 1u);
  EXPECT_EQ(another.requests().size(), 1u);
}

TEST_F(Reload, KeepsTheConnectionsToAnUpstreamThatIsTheSame) {
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  const std::size_t before = upstream.connections();
  timeouts().first_byte += milliseconds(1);
  upstream.answer_models(Script().stall());
  reload();
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(connections_of_requests(), 1u);
  EXPECT_LE(upstream.connections(), before + 1) << "asking for the models may need another one";
}

TEST_F(Reload, MakesNewConnectionsWithAnotherKeyAndClosesTheOldOnes) {
  settings.providers[0].api_key = Secret("key-of-the-upstream-1");
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  settings.providers[0].api_key = Secret("key-of-the-upstream-2");
  reload();
  EXPECT_TRUE(upstream.wait_for_peer_close(0).has_value());
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(1).head.find("authorization"),
            "Bearer key-of-the-upstream-2");
}

TEST_F(Reload, WritesTheAccessLogInAnotherForm) {
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_TRUE(service().access_log(1)[0].starts_with("{"));
  settings.server.access_log_format = config::AccessLogFormat::kText;
  reload();
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_NE(service().access_log(2)[1].find("Z 200 POST /v1/chat/completions"), std::string::npos);
}

TEST_F(Reload, RefusesARemovedKeyAndAcceptsAnAddedOneAtOnce) {
  add_key("old", "key-of-a-client-that-leaves");
  RawClient client = connect();
  const std::string old = chat_with("key-of-a-client-that-leaves");
  EXPECT_EQ(client.ask(old).status(), 200);
  settings.server.api_keys.clear();
  add_key("new", "key-of-a-client-that-comes");
  reload();
  EXPECT_EQ(client.ask(old).status(), 401);
  EXPECT_EQ(connect().ask(chat_with("key-of-a-client-that-comes")).status(), 200);
}

TEST_F(Reload, ForgivesNothingThatAKeyHasUsed) {
  add_key("limited", "key-of-a-client-with-a-limit");
  config::set_per_minute(settings.server.api_keys.back().terms, config::Quantity::kRequests, 1);
  const std::string request = chat_with("key-of-a-client-with-a-limit");
  EXPECT_EQ(connect().ask(request).status(), 200);
  timeouts().first_byte += milliseconds(1);
  reload();
  EXPECT_EQ(connect().ask(request).status(), 429);
}

TEST_F(Reload, KnowsTheModelsOfAnUpstreamThatDoesNotListThemAgain) {
  upstream.set_models({"m1", "m2"});
  settings.providers[0].unprefixed_models = {"*"};
  ASSERT_NE(connect().ask(get("/v1/models")).body.find("m2"), std::string::npos);
  upstream.answer_models(Script().stall());
  timeouts().first_byte += milliseconds(1);
  reload();
  EXPECT_NE(connect().ask(get("/v1/models")).body.find("m2"), std::string::npos);
}

TEST_F(Reload, KeepsTheModelsThatClientsHaveRegistered) {
  const std::string registration = R"({"model_id":"mine","provider_model_id":"m"})";
  EXPECT_EQ(connect().ask(post("/v1/models", registration)).status(), 200);
  timeouts().first_byte += milliseconds(1);
  reload();
  EXPECT_NE(connect().ask(get("/v1/models")).body.find("mine"), std::string::npos);
}

TEST_F(Reload, ChangesLimitsForRequestsThatFollow) {
  RawClient client = connect();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  limits().body_bytes = 10;
  reload();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 413);
}

TEST_F(Reload, CountsAProviderThatComesBackWhereItWasCounted) {
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  const std::string reused =
      R"(penstock_upstream_connections_reused_total{provider="passthrough"})";
  ASSERT_TRUE(eventually([&] { return service().metric(reused) >= 1; }));
  const config::Settings original = settings;
  settings.providers[0].id = "renamed";
  reload();
  settings = original;
  reload();
  EXPECT_GE(service().metric(reused), 1);
}

TEST_F(Reload, ServesWhatItServedIfACertificateCannotBeRead) {
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  config::Settings broken = settings;
  broken.server.tls_certfile = "/nonexistent/certificate.pem";
  broken.server.tls_keyfile = "/nonexistent/key.pem";
  const Status served = service().reload(broken);
  ASSERT_FALSE(served);
  EXPECT_NE(served.error().message.find("/nonexistent/certificate.pem"), std::string::npos);
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
}

// Clients that ask one after the other, until they are told to stop.
class Load {
 public:
  using Connect = std::function<RawClient()>;
  enum class Connections : bool { kKept, kNewEachTime };

  Load(Connect connect, std::size_t clients, Connections connections) {
    for (std::size_t i = 0; i < clients; ++i) {
      threads_.emplace_back([this, connect, connections] { ask(connect, connections); });
    }
  }
  ~Load() { stop(); }

  void stop() {
    stopped_ = true;
    threads_.clear();
  }
  std::size_t answered() const { return answered_; }
  std::size_t failed() const { return failed_; }

 private:
  void ask(const Connect& connect, Connections connections) {
    std::unique_ptr<RawClient> client;
    while (!stopped_) {
      try {
        if (client == nullptr) client = std::make_unique<RawClient>(connect());
        const Answer kind = answered_ % 4 == 0 ? Answer::kStream : Answer::kWhole;
        const WholeAnswer answer = client->ask(chat(kind));
        ++(answer.status() == 200 ? answered_ : failed_);
      } catch (const std::exception&) {
        ++failed_;
        client.reset();
      }
      if (connections == Connections::kNewEachTime) client.reset();
    }
  }

  std::atomic<bool> stopped_{false};
  std::atomic<std::size_t> answered_{0};
  std::atomic<std::size_t> failed_{0};
  std::vector<std::jthread> threads_;
};

constexpr int kReloads = 100;

TEST_F(Reload, AHundredReloadsUnderLoadFailNoRequest) {
  settings.server.threads = 2;
  service();
  Load load([this] { return connect(); }, 4, Load::Connections::kKept);
  const auto reload_often = [&](int times) {
    for (int i = 0; i < times; ++i) {
      timeouts().first_byte += milliseconds(1);
      settings.providers[0].headers = {
          {.name = "x-generation", .value = Secret(std::to_string(i))}};
      if (i % 2 == 0) settings.providers[0].headers.clear();
      reload();
    }
  };
  reload_often(kReloads);
  load.stop();
  std::cout << kReloads << " reloads under load: " << load.answered() << " answered, "
            << load.failed() << " failed\n";
  EXPECT_GT(load.answered(), 100u);
  EXPECT_EQ(load.failed(), 0u);
}

TEST_F(Reload, ACertificateIsSwappedUnderLoadWithoutAFailedHandshake) {
  const TestPki first;
  const TestPki second;
  // Either certificate will do until the end.
  SSL_CTX* const trusting = first.client_context();
  SSL_CTX_set_verify(trusting, SSL_VERIFY_NONE, nullptr);
  const auto present = [&](const TestPki& pki) {
    settings.server.tls_certfile = pki.certificate_file();
    settings.server.tls_keyfile = pki.key_file();
  };
  present(first);
  const std::uint16_t port = service().port();
  Load load([&] { return RawClient(port, trusting); }, 3, Load::Connections::kNewEachTime);
  for (int i = 0; i < 20; ++i) {
    present(i % 2 == 0 ? second : first);
    reload();
  }
  present(second);
  reload();
  load.stop();
  std::cout << "21 certificates swapped: " << load.answered() << " handshakes with an answer, "
            << load.failed() << " failed\n";
  EXPECT_GT(load.answered(), 20u);
  EXPECT_EQ(load.failed(), 0u);
  EXPECT_EQ(RawClient(port, second.client_context()).ask(chat(Answer::kWhole)).status(), 200);
}

}  // namespace
}  // namespace penstock::testing
