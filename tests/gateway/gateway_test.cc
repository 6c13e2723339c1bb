// The real gateway on one simulated loop, with connections in memory.

#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::gateway {
namespace {

using testing::memory_pair;
using testing::MemoryStream;
using testing::SimulatedLoop;

// A stream that has no memory for what is written to it.
class WithoutMemory final : public net::Stream {
 public:
  explicit WithoutMemory(std::unique_ptr<MemoryStream> stream) : stream_(std::move(stream)) {}

  net::Transfer read(std::span<char> into) override { return stream_->read(into); }
  net::Transfer write(std::span<const iovec>) override { throw std::bad_alloc(); }
  net::Signal& readable() override { return stream_->readable(); }
  net::Signal& writable() override { return stream_->writable(); }
  net::Signal& closed() override { return stream_->closed(); }
  void end_writing() override { stream_->end_writing(); }
  void reset_on_close() override { stream_->reset_on_close(); }
  const net::SocketAddress& peer() const override { return stream_->peer(); }

 private:
  std::unique_ptr<MemoryStream> stream_;
};

class GatewayTest : public ::testing::Test {
 protected:
  telemetry::MetricsOptions metrics_options() {
    telemetry::MetricsOptions options;
    for (const RouteEntry& entry : route_table()) options.routes.emplace_back(entry.path);
    options.routes.emplace_back(entry_of(Route::kUnknown).path);
    return options;
  }

  SimulatedLoop sim;
  http::ScratchPool scratch;
  SeededRandom random{1};
  std::shared_ptr<config::Settings> settings = std::make_shared<config::Settings>();
  telemetry::Metrics metrics{metrics_options()};
  models::Registry registry{settings, WallTime{}, [](const auto&) {}};
  std::unique_ptr<telemetry::AccessLog> access_log = *telemetry::AccessLog::open("off");
  telemetry::AccessLogShard access_log_shard{*access_log};
  std::atomic<bool> ready{true};
  Context context{.settings = *settings,
                  .loop = sim.loop(),
                  .scratch = scratch,
                  .random = random,
                  .registry = registry,
                  .metrics = metrics,
                  .shard = metrics.add_shard(),
                  .access_log = *access_log,
                  .access_log_shard = access_log_shard,
                  .ready = ready,
                  .keys = access::ApiKeys(settings->server.api_keys),
                  .providers = {},
                  .catalog = registry.catalog()};
  Gateway gateway{context};
};

// reported-failures 1.6
TEST_F(GatewayTest, IsQuietAgainAfterAHandlerThatThrew) {
  auto [client, server] = memory_pair();
  const http::ServerLimits limits;
  http::BodyBudget bodies(1024 * 1024);
  http::ServerConnection connection({sim.loop(), scratch, limits, bodies, gateway},
                                    std::make_unique<WithoutMemory>(std::move(server)));
  std::string exceptions;
  {
    net::TaskGroup tasks(sim.loop(), [&](std::string_view what) { exceptions += what; });
    tasks.spawn(connection.serve());
    client->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    sim.settle();
  }
  EXPECT_EQ(exceptions, "std::bad_alloc");
  EXPECT_TRUE(gateway.quiet().raised());
  EXPECT_FALSE(gateway.busy().raised());
  EXPECT_NE(metrics.text().find("penstock_open_requests 0\n"), std::string::npos) << metrics.text();
}

}  // namespace
}  // namespace penstock::gateway
