// Strict-Transport-Security: on every answer over TLS, whoever made it, and on no other.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/gateway_test.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

constexpr std::string_view kField = "strict-transport-security";

// reported-failures 7.11
class TransportSecurity : public GatewayTest {
 protected:
  enum class Over : bool { kTcp, kTls };

  TransportSecurity() {
    settings.server.api_keys.emplace_back();
    settings.server.api_keys.back().name = "a";
    settings.server.api_keys.back().key = Secret("key-of-a-client");
    limits().header_fields = 10;
    timeouts().client_header = milliseconds(500);
  }

  void serve_over(Over over) {
    over_ = over;
    if (over == Over::kTcp) return;
    settings.server.tls_certfile = pki_.certificate_file();
    settings.server.tls_keyfile = pki_.key_file();
  }

  // What the answer to each of these says, over a separate connection: the server's own answers and
  // refusals, relayed ones, and errors of both.
  void expect_of_every_answer(const std::optional<std::string>& said) {
    const HeaderList key = {{"x-api-key", "key-of-a-client"}};
    const std::string whole = post(kChatPath, chat_body(), key);
    const std::string stream = post(kChatPath, chat_body("passthrough/m1", Answer::kStream), key);
    const HeaderList upstreams_own = {{"Strict-Transport-Security", "max-age=1; preload"}};
    upstream.answer_next(Script().send(json_answer(200, chat_answer_body(), upstreams_own)));
    upstream.answer_next(
        Script().send(stream_head(upstreams_own)).send(chunk(chat_events())).send(kLastChunk));
    upstream.answer_next(Script().send(json_answer(429, "{}", upstreams_own)));
    upstream.answer_next(Script().send("nonsense\r\n\r\n").close());
    std::string many_fields = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 10; ++i) many_fields += "x: y\r\n";
    const std::vector<std::pair<int, std::string>> requests = {
        {200, whole},
        {200, stream},
        {429, whole},
        {502, whole},
        {401, chat(Answer::kWhole)},
        {200, get("/healthz")},
        {200, get("/v1/models", key)},
        {404, get("/nowhere", key)},
        {405, post("/healthz", "{}", key)},
        {200, "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "nonsense\r\n\r\n"},
        {431, many_fields + "\r\n"},
        {408, "GET / HTTP/1.1\r\nHo"},
    };
    for (const auto& [status, request] : requests) {
      RawClient client =
          over_ == Over::kTls ? RawClient(service().port(), pki_.client_context()) : connect();
      ASSERT_TRUE(client.send(request));
      const HeadText head = client.read_head();
      EXPECT_EQ(head.status, status) << request;
      EXPECT_EQ(head.count(kField), said ? 1u : 0u) << request << head.text;
      EXPECT_EQ(head.find(kField), said) << request;
    }
  }

 private:
  TestPki pki_;
  Over over_ = Over::kTcp;
};

TEST_F(TransportSecurity, IsSaidByEveryAnswerOverTls) {
  serve_over(Over::kTls);
  expect_of_every_answer("max-age=31536000; includeSubDomains");
}

TEST_F(TransportSecurity, LastsAsLongAsTheConfigurationSays) {
  serve_over(Over::kTls);
  settings.server.hsts_max_age = std::chrono::seconds(60);
  expect_of_every_answer("max-age=60; includeSubDomains");
}

TEST_F(TransportSecurity, IsNotSaidWhereItsTimeIsNone) {
  serve_over(Over::kTls);
  settings.server.hsts_max_age = std::chrono::seconds(0);
  expect_of_every_answer(std::nullopt);
}

TEST_F(TransportSecurity, IsNotSaidOverPlainConnections) {
  serve_over(Over::kTcp);
  expect_of_every_answer(std::nullopt);
}

}  // namespace
}  // namespace penstock::testing
