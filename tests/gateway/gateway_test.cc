// The real gateway on one simulated loop, with connections in memory.

#include "gateway/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/gateway_parts.h"
#include "http/server_connection.h"
#include "support/forwarding_stream.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::gateway {
namespace {

using ::testing::HasSubstr;
using testing::memory_pair;
using testing::MemoryStream;
using ::testing::Not;
using testing::SimulatedLoop;

// A stream that has no memory for what is written to it.
class WithoutMemory final : public testing::ForwardingStream {
 public:
  using ForwardingStream::ForwardingStream;
  net::Transfer write(std::span<const iovec>) override { throw std::bad_alloc(); }
};

// No request here needs an upstream.
class NoConnector final : public net::Connector {
 public:
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination&, SteadyTime,
                                                     net::Signal&) override {
    ADD_FAILURE() << "an upstream is connected to";
    co_return failure(Error::cancelled());
  }
};

class GatewayTest : public ::testing::Test, protected GatewayParts {
 protected:
  GatewayTest() : GatewayParts(telemetry::LogLevel::kDebug) {
    start_gateway(sim.loop(), connector);
  }

  SimulatedLoop sim;
  NoConnector connector;
};

// reported-failures 1.6
TEST_F(GatewayTest, IsQuietAgainAfterAHandlerThatThrew) {
  auto [client, server] = memory_pair();
  const http::ServerLimits limits;
  http::BodyBudget bodies(1024 * 1024);
  http::ServerConnection connection({sim.loop(), scratch, limits, bodies, *gateway},
                                    std::make_unique<WithoutMemory>(std::move(server)));
  std::string exceptions;
  {
    net::TaskGroup tasks(sim.loop(), [&](std::string_view what) { exceptions += what; });
    tasks.spawn(connection.serve());
    client->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    sim.settle();
  }
  EXPECT_EQ(exceptions, "std::bad_alloc");
  EXPECT_TRUE(gateway->open_exchanges().quiet().raised());
  EXPECT_FALSE(gateway->open_exchanges().busy().raised());
  EXPECT_NE(metrics->text().find("penstock_open_requests 0\n"), std::string::npos)
      << metrics->text();
}

struct NotReceived {
  std::string_view text;
  ErrorKind reason;
};

constexpr std::size_t kFieldsMax = 20;

// Each contains the secret, before and after the fault.
std::vector<NotReceived> what_is_not_received() {
  static const std::string many_fields = [] {
    std::string text = "GET /sk-hunter2 HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 0; i < kFieldsMax; ++i) text += "x-sk-hunter2: sk-hunter2\r\n";
    return text + "\r\n";
  }();
  static const std::string long_head =
      "GET / HTTP/1.1\r\nHost: a\r\nx: sk-hunter2" + std::string(64 * 1024, 'a');
  return {
      {"GET /sk-hunter2 HTTP/1.1\r\nsk-hunter2 \r\n\r\n", ErrorKind::kMalformedRequest},
      {"sk-hunter2\x01/ HTTP/1.1\r\n\r\n", ErrorKind::kMalformedRequest},
      {"GET /sk-hunter2 HTTP/1.1\r\nHost: sk hunter2 sk-hunter2\r\n\r\n",
       ErrorKind::kMalformedRequest},
      {"GET /?sk-hunter2 HTTP/2.0\r\n\r\n", ErrorKind::kVersionNotSupported},
      {"CONNECT sk-hunter2:443 HTTP/1.1\r\nHost: a\r\n\r\n", ErrorKind::kNotImplemented},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: sk-hunter2\r\n\r\n", ErrorKind::kExpectationFailed},
      {many_fields, ErrorKind::kTooManyFields},
      {long_head, ErrorKind::kHeadTooLarge},
      {"GET /sk-hunter2 HTTP/1.1\r\nHost: a\r\n", ErrorKind::kRequestTimeout},
  };
}

class WhatIsNotReceived : public GatewayTest {
 protected:
  // Sends the text, and waits as long as the server would.
  void send(std::string_view text, std::chrono::milliseconds patience) {
    auto [client, server] = memory_pair(window, window);
    http::ServerLimits limits;
    limits.head.fields = kFieldsMax;
    http::BodyBudget bodies(1024 * 1024);
    http::ServerConnection connection({sim.loop(), scratch, limits, bodies, *gateway},
                                      std::move(server));
    net::TaskGroup tasks(sim.loop(), [](std::string_view what) { ADD_FAILURE() << what; });
    tasks.spawn(connection.serve());
    client->send(text);
    sim.pass(patience);
    client->reset();
    sim.settle();
  }
  double count_of(ErrorKind reason) const {
    return sample("penstock_requests_not_received_total{reason=\"" + std::string(name_of(reason)) +
                  "\"}");
  }

  const std::chrono::milliseconds header_timeout = http::ServerLimits().header_timeout;
  testing::MemoryOptions window{.window_bytes = 1024 * 1024};
};

// reported-failures 6.8
TEST_F(WhatIsNotReceived, IsCountedByItsReasonAndLoggedWithoutAByteOfIt) {
  for (const auto& [text, reason] : what_is_not_received()) {
    const double before = count_of(reason);
    ::testing::internal::CaptureStderr();
    send(text, header_timeout);
    const std::string logged = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(count_of(reason), before + 1) << text.substr(0, 80);
    EXPECT_THAT(logged, HasSubstr(" debug    a request from "));
    EXPECT_THAT(logged,
                HasSubstr(" could not be received: " + std::string(name_of(reason)) + ": "));
    EXPECT_THAT(logged, Not(HasSubstr("hunter2"))) << text.substr(0, 80);
    EXPECT_EQ(std::count(logged.begin(), logged.end(), '\n'), 1) << logged;
  }
}

TEST_F(WhatIsNotReceived, IsCountedWhereTheClientGoesInTheMiddleOfAHead) {
  ::testing::internal::CaptureStderr();
  send("GET /sk-hunter2 HTTP/1.1\r\n", std::chrono::milliseconds(1));
  EXPECT_EQ(count_of(ErrorKind::kClientGone), 1);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("client_gone"));
}

TEST_F(WhatIsNotReceived, IsNoRequestWhereTheClientSendsNothing) {
  ::testing::internal::CaptureStderr();
  send("", std::chrono::milliseconds(1));
  send("", header_timeout);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  for (const ErrorKind reason : telemetry::kReceiveErrorKinds) EXPECT_EQ(count_of(reason), 0);
}

}  // namespace
}  // namespace penstock::gateway
