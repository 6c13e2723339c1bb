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
    if (fails) {
      co_return failure(
          Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent, "refused"));
    }
    auto [near, far] = memory_pair(options);
    upstreams.push_back(std::move(far));
    co_return std::move(near);
  }
  MemoryOptions options;
  bool fails = false;
  std::vector<std::unique_ptr<MemoryStream>> upstreams;
};

class UpstreamPoolTest : public ::testing::Test {
 protected:
  using Connection = UpstreamExchange;

  Connection acquire(UpstreamPool& pool, Reuse reuse) {
    std::optional<Result<Connection>> acquired;
    tasks_.start(pool.acquire(reuse, SteadyTime::max(), cancel_), acquired);
    sim_.settle();
    return std::move(**acquired);
  }
  Connection acquire(Reuse reuse = Reuse::kYes) { return acquire(pool_, reuse); }

  // An exchange in which `upstream` answers with `answer`.
  void exchange(UpstreamExchange& connection, MemoryStream& upstream,
                std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") {
    std::optional<Status> sent;
    FieldBlock fields;
    fields.add("Host", "u");
    const RequestToSend get{"GET", "/", fields};
    tasks_.start(connection.send(get, Pieces(), SteadyTime::max(), cancel_), sent);
    upstream.receive();
    upstream.send(answer);
    std::optional<Result<const ResponseHead*>> head;
    tasks_.start(connection.receive_head(SteadyTime::max(), cancel_), head);
    sim_.settle();
    ASSERT_TRUE(head && *head);
    ASSERT_EQ(connection.read_body()->data, "ok");
  }

  // A connection that has served a request and is idle.
  MemoryStream& rest_one(
      std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") {
    Connection connection = acquire(Reuse::kNo);
    MemoryStream& upstream = *connector_.upstreams.back();
    exchange(connection, upstream, answer);
    connection.finish();
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
    EXPECT_TRUE(connection.reused());
    exchange(connection, last);
    EXPECT_EQ(connector_.upstreams.size(), opened);
    EXPECT_FALSE(acquire(Reuse::kNo).reused());
  }
}

TEST_F(UpstreamPoolTest, IsNotMisledByASignalThatIsAboutNothing) {
  connector_.options.manner = MemoryOptions::Manner::kTls;
  Connection connection = acquire();
  exchange(connection, *connector_.upstreams.back());
  connection.finish();
  // A TLS session ticket makes a socket readable without anything to read.
  connector_.upstreams.back()->raise_for_nothing();
  EXPECT_TRUE(acquire().reused());
}

TEST_F(UpstreamPoolTest, NeverHandsOutAConnectionThatTheUpstreamHasClosed) {
  rest_one().end_writing();
  rest_one().reset();
  EXPECT_FALSE(acquire().reused());
  EXPECT_EQ(pool_.close_expired(), 0u);
}

TEST_F(UpstreamPoolTest, NeverHandsOutAConnectionOnWhichSomethingUnaskedHasCome) {
  rest_one().send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_FALSE(acquire().reused());
}

TEST_F(UpstreamPoolTest, ClosesConnectionsThatHaveRestedTooLong) {
  rest_one();
  sim_.pass(seconds(3));
  rest_one();
  EXPECT_EQ(pool_.close_expired(), 2u);
  sim_.pass(seconds(1));
  EXPECT_EQ(pool_.close_expired(), 1u);
  sim_.pass(seconds(3));
  EXPECT_FALSE(acquire().reused());
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
    connections.push_back(acquire(small, Reuse::kNo));
    exchange(connections.back(), *connector_.upstreams.back());
  }
  for (Connection& connection : connections) connection.finish();
  EXPECT_EQ(small.close_expired(), 1u);
}

TEST_F(UpstreamPoolTest, ClosesAConnectionThatCannotServeAgain) {
  rest_one("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_EQ(pool_.close_expired(), 0u);
}

// reported-failures 4.2: a host that moves is followed, however steady the traffic.
TEST_F(UpstreamPoolTest, DoesNotUseAConnectionAgainThatHasGrownOld) {
  UpstreamPool pool(sim_.loop(), connector_, scratch_, {},
                    {.idle_timeout = seconds(60), .lifetime = seconds(10)});
  Connection connection = acquire(pool, Reuse::kYes);
  MemoryStream& upstream = *connector_.upstreams.back();
  for (int i = 0; i < 9; ++i) {
    exchange(connection, upstream);
    connection.finish();
    EXPECT_EQ(pool.close_expired(), 1u);
    std::optional<Result<Connection>> again;
    tasks_.start(pool.acquire(Reuse::kYes, SteadyTime::max(), cancel_), again);
    sim_.settle();
    connection = std::move(**again);
    EXPECT_TRUE(connection.reused());
    sim_.pass(seconds(1));
  }
  sim_.pass(seconds(1));
  exchange(connection, upstream);
  connection.finish();
  EXPECT_EQ(pool.close_expired(), 0u) << "it is ten seconds old";
}

// reported-failures 7.11
class LimitedPoolTest : public UpstreamPoolTest {
 protected:
  struct Asked {
    net::Signal cancel;
    std::optional<Result<Connection>> answer;

    bool waits() const { return !answer; }
    bool served() const { return answer && *answer; }
    std::optional<Limit> limit() const { return answer->error().limit; }
    Connection take() { return std::move(**answer); }
  };

  void ask(Asked& asked, UpstreamPool& pool, Reuse reuse = Reuse::kYes) {
    const SteadyTime until = sim_.clock().steady() + seconds(5);
    tasks_.start(pool.acquire(reuse, until, asked.cancel), asked.answer);
    sim_.settle();
  }
  void ask(Asked& asked, Reuse reuse = Reuse::kYes) { ask(asked, limited_, reuse); }

  void end_exchange(Asked& asked) {
    Connection connection = asked.take();
    exchange(connection, *connector_.upstreams.back());
    connection.finish();
    sim_.settle();
  }

  UpstreamLimit limit_{2, 2};
  UpstreamPool limited_{
      sim_.loop(), connector_, scratch_, {}, {.idle_connections = {}, .all_threads = &limit_}};
  UpstreamPool other_{
      sim_.loop(), connector_, scratch_, {}, {.idle_connections = {}, .all_threads = &limit_}};
};

TEST_F(LimitedPoolTest, OpensAllItsConnectionsAndOneMoreWaitsForItsTurn) {
  Asked first;
  Asked second;
  Asked third;
  ask(first);
  ask(second);
  ask(third);
  EXPECT_TRUE(first.served() && second.served());
  EXPECT_TRUE(third.waits());
  first.take().reset();
  sim_.settle();
  EXPECT_TRUE(third.served());
  EXPECT_EQ(connector_.upstreams.size(), 3u);
}

TEST_F(LimitedPoolTest, HandsAConnectionToTheNextWhoWaits) {
  Asked first;
  Asked second;
  Asked third;
  ask(first);
  ask(second);
  ask(third);
  end_exchange(second);
  ASSERT_TRUE(third.served());
  EXPECT_EQ(connector_.upstreams.size(), 2u);
  EXPECT_TRUE(third.take().reused());
}

TEST_F(LimitedPoolTest, GivesANewConnectionToWhoWantsNoOther) {
  Asked first;
  Asked second;
  Asked third;
  ask(first);
  ask(second);
  ask(third, Reuse::kNo);
  end_exchange(second);
  ASSERT_TRUE(third.served());
  EXPECT_FALSE(third.take().reused());
}

TEST_F(LimitedPoolTest, RefusesWhoHasWaitedForTooLongAndWhoComesOverTheQueue) {
  Asked asked[5];
  for (Asked& each : asked) ask(each);
  ASSERT_FALSE(asked[4].waits()) << "two may wait";
  EXPECT_EQ(asked[4].answer->error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(asked[4].limit(), Limit::kUpstreamConnections);
  EXPECT_TRUE(asked[3].waits());
  sim_.pass(seconds(5));
  ASSERT_FALSE(asked[2].waits());
  EXPECT_EQ(asked[2].answer->error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(asked[2].limit(), Limit::kUpstreamConnections);
  // Their places are free again.
  Asked next;
  ask(next);
  asked[0].take().reset();
  sim_.settle();
  EXPECT_TRUE(next.served());
}

TEST_F(LimitedPoolTest, PassesOverAClientThatHasGone) {
  Asked first;
  Asked second;
  Asked gone;
  Asked third;
  ask(first);
  ask(second);
  ask(gone);
  ask(third);
  gone.cancel.raise();
  sim_.settle();
  ASSERT_FALSE(gone.waits());
  EXPECT_EQ(gone.answer->error().kind, ErrorKind::kCancelled);
  first.take().reset();
  sim_.settle();
  EXPECT_TRUE(third.served());
}

TEST_F(LimitedPoolTest, LosesNoPlaceToAClientThatGoesAsItsTurnComes) {
  Asked first;
  Asked second;
  Asked gone;
  ask(first);
  ask(second);
  ask(gone);
  gone.cancel.raise();
  first.take().reset();
  second.take().reset();
  sim_.settle();
  gone.answer.reset();
  Asked next[2];
  for (Asked& each : next) ask(each);
  EXPECT_TRUE(next[0].served() && next[1].served());
}

TEST_F(LimitedPoolTest, ConnectionsThatRestMakeRoomOnAllThreads) {
  Asked first;
  Asked second;
  ask(first, limited_);
  end_exchange(first);
  ask(second, other_);
  end_exchange(second);
  EXPECT_EQ(limited_.close_expired() + other_.close_expired(), 2u);
  // The thread's own connection goes first, then the other thread's.
  Asked third;
  Asked fourth;
  ask(third, limited_, Reuse::kNo);
  EXPECT_TRUE(third.served());
  EXPECT_EQ(limited_.close_expired(), 0u);
  ask(fourth, limited_, Reuse::kNo);
  EXPECT_TRUE(fourth.served());
  EXPECT_EQ(other_.close_expired(), 0u);
}

TEST_F(LimitedPoolTest, AFailedConnectionGivesItsPlaceBack) {
  connector_.fails = true;
  for (int i = 0; i < 5; ++i) {
    Asked failed;
    ask(failed);
    ASSERT_TRUE(failed.answer && !*failed.answer);
    EXPECT_EQ(failed.answer->error().kind, ErrorKind::kUpstreamUnreachable);
  }
  connector_.fails = false;
  Asked served;
  ask(served);
  EXPECT_TRUE(served.served());
}

}  // namespace
}  // namespace penstock::http
