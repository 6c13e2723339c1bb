#pragma once

// SimulatedGateway: the real gateway (gateway/gateway_parts.h) on a simulated loop: the test
// controls its time, and its connections are in memory.
//
// The test is both the client and the upstream: it holds the far ends. It changes `settings` before
// start().

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/gateway_parts.h"
#include "http/server_connection.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::gateway {

inline constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

inline std::string chunk(std::string_view text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + std::string(text) + "\r\n";
}

class SimulatedGateway : public ::testing::Test, protected GatewayParts {
 protected:
  using milliseconds = std::chrono::milliseconds;

  ~SimulatedGateway() override {
    for (auto& upstream : upstreams) upstream->reset();
    if (client) client->reset();
    sim.pass(std::chrono::hours(1));
    EXPECT_EQ(tasks.running(), 0u) << "a connection never ends";
    EXPECT_EQ(tasks.exceptions(), "");
  }

  void start() {
    start_gateway(sim.loop(), connector);
    auto [near, far] = testing::memory_pair();
    client = std::move(far);
    connection.emplace(http::ServerContext{sim.loop(), scratch, limits, bodies, *gateway},
                       std::move(near));
    tasks.start(connection->serve());
    sim.settle();
  }

  // After start(): lets the route of that path be another one, which keeps its path.
  void change_route(std::string_view path, const std::function<void(Route&)>& change) {
    std::vector<ServedRoute> served = routes(&*services);
    for (ServedRoute& each : served) {
      if (each.route.path == path) change(each.route);
    }
    table.emplace(std::move(served));
  }

  // Sends, lets everything happen that happens at once, and returns what has come back.
  std::string say(std::string_view text) {
    EXPECT_EQ(client->send(text), text.size());
    sim.settle();
    return client->receive();
  }
  std::string ask_for(std::string_view stream) {
    const std::string body =
        R"({"model":"p/m","messages":[],"stream":)" + std::string(stream) + "}";
    return say(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // The same for the upstream's newest connection; returns what has reached the client.
  std::string upstream_says(std::string_view text) {
    EXPECT_FALSE(upstreams.empty());
    if (upstreams.empty()) return {};
    EXPECT_EQ(upstreams.back()->send(text), text.size());
    sim.settle();
    return client->receive();
  }
  // What reaches the client while that time passes.
  std::string after(milliseconds time) {
    sim.pass(time);
    return client->receive();
  }

  double hits(std::string_view limit) const {
    return sample("penstock_limit_hits_total{limit=\"" + std::string(limit) + "\"}");
  }

  // Returns a connection at once.
  class MemoryConnector final : public net::Connector {
   public:
    explicit MemoryConnector(SimulatedGateway& gateway) : gateway_(gateway) {}
    Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination&, SteadyTime,
                                                       net::Signal&) override {
      auto [near, far] = testing::memory_pair();
      gateway_.upstreams.push_back(std::move(far));
      co_return std::unique_ptr<net::Stream>(std::move(near));
    }

   private:
    SimulatedGateway& gateway_;
  };

  testing::SimulatedLoop sim;
  http::ServerLimits limits;
  http::BodyBudget bodies{64 * 1024 * 1024};
  MemoryConnector connector{*this};
  std::vector<std::unique_ptr<testing::MemoryStream>> upstreams;
  std::unique_ptr<testing::MemoryStream> client;
  std::optional<http::ServerConnection> connection;
  testing::Tasks tasks{sim.loop()};
};

}  // namespace penstock::gateway
