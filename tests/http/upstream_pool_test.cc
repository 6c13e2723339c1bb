#include "http/upstream_pool.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::memory_pair;
using testing::MemoryOptions;
using testing::MemoryStream;
using testing::SimulatedLoop;
using testing::Tasks;

class MemoryConnector final : public net::Connector {
 public:
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination&, SteadyTime,
                                                     net::Signal&) override {
    auto [near, far] = memory_pair(options);
    upstreams.push_back(std::move(far));
    co_return std::move(near);
  }
  MemoryOptions options;
  std::vector<std::unique_ptr<MemoryStream>> upstreams;
};

class UpstreamPoolTest : public ::testing::Test {
 protected:
  using Connection = std::unique_ptr<UpstreamConnection>;

  Connection acquire(Reuse reuse = Reuse::kYes) {
    std::optional<Result<Connection>> acquired;
    tasks_.start(pool_.acquire(reuse, SteadyTime::max(), cancel_), acquired);
    sim_.settle();
    return std::move(**acquired);
  }

  // An exchange in which `upstream` answers with `answer`.
  void exchange(UpstreamConnection& connection, MemoryStream& upstream,
                std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") {
    std::optional<Status> sent;
    Pieces pieces;
    pieces.add("GET / HTTP/1.1\r\nHost: u\r\n\r\n");
    tasks_.start(connection.send(pieces, SteadyTime::max(), cancel_), sent);
    upstream.receive();
    upstream.send(answer);
    std::optional<Result<const ResponseHead*>> head;
    tasks_.start(connection.receive_head(SteadyTime::max(), cancel_), head);
    sim_.settle();
    ASSERT_TRUE(head && *head);
    ASSERT_EQ(connection.read_body()->data, "ok");
  }

  // A connection that has served and rests.
  MemoryStream& rest_one(
      std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") {
    Connection connection = acquire(Reuse::kNo);
    MemoryStream& upstream = *connector_.upstreams.back();
    exchange(*connection, upstream, answer);
    pool_.give_back(std::move(connection));
    return upstream;
  }

  SimulatedLoop sim_;
  ScratchPool scratch_;
  MemoryConnector connector_;
  net::Signal cancel_;
  UpstreamPool pool_{sim_.loop(), connector_, scratch_, {}, PoolLimits{}};
  Tasks tasks_{sim_.loop()};
};

TEST_F(UpstreamPoolTest, ReusesTheConnectionThatWasUsedLast) {
  for (const auto manner : {MemoryOptions::Manner::kTcp, MemoryOptions::Manner::kTls}) {
    pool_.close_idle();
    connector_.options.manner = manner;
    rest_one();
    MemoryStream& last = rest_one();
    const std::size_t opened = connector_.upstreams.size();
    Connection connection = acquire();
    EXPECT_TRUE(connection->reused());
    exchange(*connection, last);
    EXPECT_EQ(connector_.upstreams.size(), opened);
    EXPECT_FALSE(acquire(Reuse::kNo)->reused());
  }
}

TEST_F(UpstreamPoolTest, IsNotMisledByASignalThatIsAboutNothing) {
  connector_.options.manner = MemoryOptions::Manner::kTls;
  Connection connection = acquire();
  exchange(*connection, *connector_.upstreams.back());
  pool_.give_back(std::move(connection));
  // A TLS session ticket makes a socket readable and holds nothing to read.
  connector_.upstreams.back()->raise_for_nothing();
  EXPECT_TRUE(acquire()->reused());
}

TEST_F(UpstreamPoolTest, NeverHandsOutAConnectionThatTheUpstreamHasClosed) {
  rest_one().end_writing();
  rest_one().reset();
  EXPECT_FALSE(acquire()->reused());
  EXPECT_EQ(pool_.close_expired(), 0u);
}

TEST_F(UpstreamPoolTest, NeverHandsOutAConnectionOnWhichSomethingUnaskedHasCome) {
  rest_one().send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_FALSE(acquire()->reused());
}

TEST_F(UpstreamPoolTest, ClosesConnectionsThatHaveRestedTooLong) {
  rest_one();
  sim_.pass(seconds(3));
  rest_one();
  EXPECT_EQ(pool_.close_expired(), 2u);
  sim_.pass(seconds(1));
  EXPECT_EQ(pool_.close_expired(), 1u);
  sim_.pass(seconds(3));
  EXPECT_FALSE(acquire()->reused());
}

TEST_F(UpstreamPoolTest, HeedsTheLimitThatTheUpstreamNames) {
  rest_one("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=2, max=9\r\n\r\nok");
  sim_.pass(milliseconds(999));
  EXPECT_EQ(pool_.close_expired(), 1u);
  sim_.pass(milliseconds(1));
  EXPECT_EQ(pool_.close_expired(), 0u);
}

TEST_F(UpstreamPoolTest, KeepsNoMoreConnectionsThanItMay) {
  UpstreamPool small(sim_.loop(), connector_, scratch_, {}, {.idle_connections = 1});
  std::vector<Connection> connections;
  for (int i = 0; i < 2; ++i) {
    connections.push_back(acquire(Reuse::kNo));
    exchange(*connections.back(), *connector_.upstreams.back());
  }
  for (Connection& connection : connections) small.give_back(std::move(connection));
  EXPECT_EQ(small.close_expired(), 1u);
}

TEST_F(UpstreamPoolTest, ClosesAConnectionThatCannotServeAgain) {
  rest_one("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_EQ(pool_.close_expired(), 0u);
}

}  // namespace
}  // namespace penstock::http
