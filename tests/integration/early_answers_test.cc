// Early answers: the client reads each of them, however much it sends.

#include <string>

#include <gtest/gtest.h>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

constexpr std::size_t kMb = 1'000'000;

class EarlyAnswers : public GatewayTest {
 protected:
  static std::string head(std::string_view target, std::string_view fields, std::size_t bytes) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
  }

  // Like a client that reads nothing before it has sent everything.
  WholeAnswer send_all_then_read(const std::string& head, std::size_t bytes) {
    RawClient client = connect();
    EXPECT_TRUE(client.send(head));
    const std::string piece(kMb, 'b');
    for (std::size_t sent = 0; sent < bytes; sent += piece.size()) {
      EXPECT_TRUE(client.send(piece)) << "after " << sent;
    }
    return client.read_answer();
  }
};

// reported-failures 5.4
TEST_F(EarlyAnswers, AreReadByAClientThatSendsAllOfItsBodyFirst) {
  settings.server.api_keys.push_back({"alice", Secret("alice-key")});
  limits().body_bytes = kMb;
  const std::string key = "Authorization: Bearer alice-key\r\n";
  EXPECT_EQ(send_all_then_read(head("/v1/nothing", key, 6 * kMb), 6 * kMb).status(), 404);
  EXPECT_EQ(send_all_then_read(head("/v1/chat/completions", "", 6 * kMb), 6 * kMb).status(), 401);
  EXPECT_EQ(send_all_then_read(head("/healthz", "", 6 * kMb), 6 * kMb).status(), 405);
  EXPECT_EQ(send_all_then_read(head("/v1/chat/completions", key, 100 * kMb), 100 * kMb).status(),
            413);
  const std::string coding = key + "Content-Encoding: unheard-of\r\n";
  EXPECT_EQ(send_all_then_read(head("/v1/chat/completions", coding, 6 * kMb), 6 * kMb).status(),
            415);
  EXPECT_EQ(send_all_then_read(head("/broken path", "", 6 * kMb), 6 * kMb).status(), 400);
}

// reported-failures 5.4
TEST_F(EarlyAnswers, AreNoSinkBeyondTheBytesThatAreThrownAway) {
  limits().discarded_bytes = kMb;
  RawClient client = connect();
  EXPECT_EQ(client.ask(head("/v1/nothing", "", 500 * kMb)).status(), 404);
  const std::string piece(kMb, 'b');
  std::size_t sent = 0;
  while (sent < 500 * kMb && client.send(piece)) sent += kMb;
  EXPECT_LT(sent, 100 * kMb) << "buffers of the kernel included";
  EXPECT_TRUE(eventually([&] {
    return service().metric(R"(penstock_limit_hits_total{limit="discarded_bytes"})") == 1;
  }));
}

TEST_F(EarlyAnswers, ComeInTheStepOfTheContinue) {
  RawClient client = connect();
  const WholeAnswer answer = client.ask(head("/v1/nothing", "Expect: 100-continue\r\n", 6 * kMb));
  EXPECT_EQ(answer.status(), 404);
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

// reported-failures 5.14, 5.3
TEST_F(EarlyAnswers, ToHeadHaveNoBody) {
  for (const std::string_view request :
       {"HEAD /healthz HTTP/1.1\r\nHost: h\r\nbroken field: x\r\n\r\n",
        "HEAD /v1/nothing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "HEAD /broken path HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD /healthz HTTP/1.1\r\n\r\n"}) {
    RawClient client = connect();
    client.send(request);
    EXPECT_EQ(client.read_to_end(), Io::kEnd);
    const std::string& text = client.unread();
    EXPECT_TRUE(text.starts_with("HTTP/1.1 4")) << text;
    EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
    EXPECT_EQ(text.find("\r\n\r\n"), text.size() - 4) << text;
  }
}

// reported-failures 1.8
TEST_F(EarlyAnswers, SayThatTheServerHoldsAllTheBodiesThatItMay) {
  limits().all_bodies_bytes = 2 * kMb;
  upstream.answer_always(Script().stall());
  RawClient first = connect();
  first.send(head("/v1/chat/completions", "", 2 * kMb - 100));
  const std::string start = R"({"model":"passthrough/m","messages":[],"x":")";
  first.send(start + std::string(2 * kMb - 100 - start.size() - 2, 'x') + "\"}");
  upstream.wait_for_request();
  RawClient second = connect();
  second.send(head("/v1/chat/completions", "", 100'000));
  second.send(std::string(100'000, 'b'));
  const WholeAnswer refused = second.read_answer();
  expect_error(refused, 503, "overloaded");
  EXPECT_TRUE(refused.head.find("retry-after").has_value());
  EXPECT_EQ(service().metric(R"(penstock_limit_hits_total{limit="all_bodies_bytes"})"), 1);
  first.reset();
}

}  // namespace
}  // namespace penstock::testing
