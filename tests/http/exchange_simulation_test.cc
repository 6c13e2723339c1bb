// Thousands of seeded schedules of the whole spine: clients, a small proxy made of
// ServerConnection, UpstreamPool and UpstreamConnection, and an origin made of ServerConnection,
// over connections in memory that hold bytes back, let them arrive in any pieces, and break. What
// is checked holds for every schedule; a failure names its seed.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/text.h"
#include "http/serializer.h"
#include "http/server_connection.h"
#include "http/upstream_pool.h"
#include "net/wait.h"
#include "support/memory_stream.h"
#include "support/patience.h"
#include "support/simulated_loop.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::memory_pair;
using testing::MemoryNetwork;
using testing::MemoryOptions;
using testing::MemoryStream;
using testing::SimulatedLoop;

// Bytes that show where they belong: lost, duplicated or foreign ones do not compare equal.
std::string pattern(std::uint64_t id, std::size_t bytes) {
  std::string text(bytes, '\0');
  SeededRandom random(id);
  for (char& c : text) c = static_cast<char>('!' + random.next() % 90);
  return text;
}

// What the origin does with a request: derived from its number alone, so that the client knows it.
struct Plan {
  explicit Plan(std::uint64_t number)
      : request_bytes(SeededRandom(number).next() % 3 == 0 ? number * 7919 % 50'000 : number % 300),
        answer_bytes(number % 5 == 0 ? number * 104'729 % 60'000 : number * 31 % 700),
        framing(number % 3 == 0   ? Framing::Kind::kLength
                : number % 3 == 1 ? Framing::Kind::kChunked
                                  : Framing::Kind::kUntilClose),
        chunked_request(number % 2 == 0) {}
  std::size_t request_bytes;
  std::size_t answer_bytes;
  Framing::Kind framing;
  bool chunked_request;
};

std::uint64_t number_of(const RequestHead& head) {
  return *parse_decimal(head.target.substr(1));
}

struct Counts {
  int completed = 0;
  int failed = 0;
  int left = 0;   // of the failed: those that the client did not wait for
  int stale = 0;  // attempts on a connection that the origin had closed
  int wrong = 0;
};

// Checks the request, then answers with the pattern of its number.
class Origin final : public Handler {
 public:
  explicit Origin(Counts& counts) : counts_(counts) {}
  Task<void> handle(ServerExchange& connection) override {
    const std::uint64_t number = number_of(connection.request());
    const Plan plan(number);
    Result<std::string_view> body = co_await connection.read_body();
    if (!body) co_return;
    if (*body != pattern(number, plan.request_bytes)) ++counts_.wrong;
    const std::string data = pattern(~number, plan.answer_bytes);
    if (plan.framing == Framing::Kind::kUntilClose)
      co_return co_await end_by_close(connection, data);
    std::optional<std::uint64_t> length;
    if (plan.framing == Framing::Kind::kLength) length = data.size();
    Status written = co_await connection.respond(200, {}, length, {}, Last::kNo);
    for (std::size_t at = 0; written && at < data.size(); at += 1'000) {
      written = co_await connection.write(std::string_view(data).substr(at, 1'000), Last::kNo);
    }
    if (written) co_await connection.write({}, Last::kYes);
  }
  Refusal refuse(const Error& error, const net::SocketAddress&) override {
    // Everybody here sends valid HTTP.
    if (error.kind != ErrorKind::kClientGone) ++counts_.wrong;
    return {};
  }

 private:
  // As many servers do, though the client speaks HTTP/1.1.
  static Task<void> end_by_close(ServerExchange& connection, std::string_view data) {
    std::string text = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    text += data;
    Pieces pieces;
    pieces.add(text);
    connection.end_after_this();
    const Status written = co_await connection.write_raw(pieces);
    if (written) connection.raw_ended();
  }

  Counts& counts_;
};

class World;

class OriginConnector final : public net::Connector {
 public:
  explicit OriginConnector(World& world) : world_(world) {}
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination&, SteadyTime,
                                                     net::Signal&) override;

 private:
  World& world_;
};

// Forwards each request over a pooled connection and streams the answer back in chunks.
class Proxy final : public Handler {
 public:
  Proxy(World& world, UpstreamPool& pool) : world_(world), pool_(pool) {}
  Task<void> handle(ServerExchange& connection) override;
  Refusal refuse(const Error&, const net::SocketAddress&) override { return {}; }

 private:
  Task<Status> relay(ServerExchange& client, UpstreamExchange& upstream,
                     const RequestToSend& request, const Pieces& body);

  World& world_;
  UpstreamPool& pool_;
};

class World {
 public:
  World(std::uint64_t seed, std::size_t breaks_one_in)
      : random_(seed), network_(random_, breaks_one_in) {
    sim_.poller().set_outside([this] { return network_.step(); });
    client_limits_.head = {.bytes = 32 * 1024, .fields = 100};
    // Shorter than the pool's, so that connections do become stale.
    origin_limits_.idle_timeout = seconds(3);
  }

  // Runs clients to their end, then the rest. False if something never ends.
  bool run(int clients, int requests_each) {
    for (int i = 0; i < clients; ++i) tasks_.spawn(be_client(requests_each));
    const bool ended = sim_.run_until([&] { return clients_ended_ == clients; });
    if (!ended) return false;
    for (ServerConnection* each : servers_) each->drain();
    pool_.close_idle();
    return sim_.run_until([&] { return tasks_.size() == 0; });
  }

  std::unique_ptr<MemoryStream> open(Handler& handler, const ServerLimits& limits) {
    auto [near, far] = memory_pair(options(), options());
    tasks_.spawn(serve(std::move(far), handler, limits));
    return std::move(near);
  }

  net::EventLoop& loop() { return sim_.loop(); }
  Random& random() { return random_; }
  Counts& counts() { return counts_; }
  std::size_t breaks() const { return network_.breaks(); }
  const std::string& exceptions() const { return exceptions_; }
  std::unique_ptr<MemoryStream> open_origin() { return open(origin_, origin_limits_); }
  SteadyTime in(milliseconds time) { return sim_.loop().now() + time; }

 private:
  MemoryOptions options() {
    constexpr std::array kSizes = {std::size_t{1}, std::size_t{13}, std::size_t{100'000}};
    const auto size = [&] { return kSizes[random_.next() % kSizes.size()]; };
    return {.manner =
                random_.next() % 2 == 0 ? MemoryOptions::Manner::kTcp : MemoryOptions::Manner::kTls,
            .window_bytes = 500 + random_.next() % 20'000,
            .read_bytes_max = size() * 50,
            .write_bytes_max = size() * 50,
            .network = &network_};
  }

  Task<void> serve(std::unique_ptr<MemoryStream> stream, Handler& handler,
                   const ServerLimits& limits) {
    ServerConnection connection({loop(), scratch_, limits, bodies_, handler}, std::move(stream));
    servers_.push_back(&connection);
    co_await connection.serve();
    std::erase(servers_, &connection);
  }

  Task<void> be_client(int requests) {
    std::unique_ptr<UpstreamConnection> connection;
    for (int i = 0; i < requests; ++i) {
      if (!connection) {
        connection =
            std::make_unique<UpstreamConnection>(loop(), open(proxy_, client_limits_), scratch_);
      }
      const std::uint64_t number = random_.next() % 1'000'000;
      const Status done = co_await ask(*connection, number);
      ++(done ? counts_.completed : counts_.failed);
      if (!done || !connection->reusable()) {
        connection.reset();
      } else {
        connection->rest(seconds(60));
      }
      if (random_.next() % 4 == 0) {
        // Connections age, and some become stale just when they are needed.
        net::Deadline pause(loop());
        pause.set(in(random_.next() % 2 == 0 ? origin_limits_.idle_timeout : milliseconds(1'500)));
        co_await net::wait_any(loop(), &pause);
      }
    }
    ++clients_ended_;
  }

  Task<Status> send(UpstreamConnection& connection, const RequestToSend& request, const Plan& plan,
                    std::string_view body) {
    const SteadyTime until = in(seconds(100));
    if (!plan.chunked_request) {
      Pieces whole;
      whole.add(body);
      co_return co_await connection.send(request, whole, until, never_);
    }
    Status sent = co_await connection.send(request, std::nullopt, {}, Last::kNo, until, never_);
    for (std::size_t at = 0; sent && at < body.size(); at += 3'000) {
      sent = co_await connection.write(body.substr(at, 3'000), Last::kNo, until, never_);
    }
    if (sent) sent = co_await connection.write({}, Last::kYes, until, never_);
    co_return sent;
  }

  Task<Status> ask(UpstreamConnection& connection, std::uint64_t number) {
    const Plan plan(number);
    const std::string body = pattern(number, plan.request_bytes);
    const std::string target = "/" + std::to_string(number);
    FieldBlock fields;
    fields.add("Host", "proxy");
    const RequestToSend request{"POST", target, fields};
    Status sent = co_await send(connection, request, plan, body);
    if (!sent) co_return sent;
    auto head = co_await connection.receive_head(in(seconds(100)), never_);
    if (!head) co_return failure(std::move(head.error()));
    const int status = (*head)->status;
    const bool leaves = random_.next() % 16 == 0;
    if (leaves) ++counts_.left;
    const std::string expected = pattern(~number, plan.answer_bytes);
    std::string received;
    net::Deadline deadline(loop());
    while (!leaves) {
      auto part = connection.read_body();
      if (!part) {
        if (status == 200 && !expected.starts_with(received)) ++counts_.wrong;
        co_return failure(std::move(part.error()));
      }
      received += part->data;
      if (part->end) {
        if (status == 200 && received != expected) ++counts_.wrong;
        if (status == 200) co_return Status{};
        break;
      }
      if (connection.has_buffered()) continue;
      connection.release_memory();
      deadline.set(in(seconds(100)));
      const net::Woken woken = co_await net::wait_any(loop(), &deadline, connection.readable());
      if (woken.timed_out()) {
        ++counts_.wrong;  // neither an answer nor an end, after a time beyond every limit
        break;
      }
    }
    co_return failure(Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever, "given up"));
  }

  SeededRandom random_;
  SimulatedLoop sim_;
  MemoryNetwork network_;
  ScratchPool scratch_;
  BodyBudget bodies_{1024 * 1024 * 1024};
  Counts counts_;
  net::Signal never_;
  ServerLimits client_limits_;
  ServerLimits origin_limits_;
  OriginConnector connector_{*this};
  UpstreamPool pool_{sim_.loop(), connector_, scratch_, {}, PoolLimits{}};
  Proxy proxy_{*this, pool_};
  Origin origin_{counts_};
  std::vector<ServerConnection*> servers_;
  int clients_ended_ = 0;
  std::string exceptions_;
  net::TaskGroup tasks_{sim_.loop(), [this](std::string_view what) { exceptions_ += what; }};
};

Task<Result<std::unique_ptr<net::Stream>>> OriginConnector::connect(const net::Destination&,
                                                                    SteadyTime, net::Signal&) {
  co_return world_.open_origin();
}

Task<void> Proxy::handle(ServerExchange& client) {
  const std::string target(client.request().target);
  Result<std::string_view> body = co_await client.read_body();
  if (!body) co_return;
  FieldBlock fields;
  fields.add("Host", "origin");
  const RequestToSend request{"POST", target, fields};
  Pieces whole;
  whole.add(*body);
  Status relayed;
  for (const Reuse reuse : {Reuse::kYes, Reuse::kNo}) {
    auto acquired = co_await pool_.acquire(reuse, world_.in(seconds(5)), client.gone());
    if (!acquired) co_return;
    UpstreamExchange& upstream = *acquired;
    relayed = co_await relay(client, upstream, request, whole);
    if (relayed) {
      upstream.finish();
      co_return;
    }
    const RetryClass retry = relayed.error().retry;
    if (retry == RetryClass::kNever) break;
    // Only a reused connection may turn out to be stale.
    if (!upstream.reused() && retry == RetryClass::kStaleConnection) ++world_.counts().wrong;
    ++world_.counts().stale;
  }
  if (!client.has_responded()) co_await client.respond(502, {}, Pieces());
}

Task<Status> Proxy::relay(ServerExchange& client, UpstreamExchange& upstream,
                          const RequestToSend& request, const Pieces& body) {
  Status sent = co_await upstream.send(request, body, world_.in(seconds(50)), client.gone());
  if (!sent) co_return sent;
  auto head = co_await upstream.receive_head(world_.in(seconds(50)), client.gone());
  if (!head) co_return failure(std::move(head.error()));
  client.release_request();
  Status begun = co_await client.respond(200, {}, std::nullopt, {}, Last::kNo);
  if (!begun) co_return begun;
  for (;;) {
    auto part = upstream.read_body();
    if (!part) co_return failure(std::move(part.error()));
    Status written = co_await client.write(part->data, part->end ? Last::kYes : Last::kNo);
    if (!written || part->end) co_return written;
    if (upstream.has_buffered()) continue;
    upstream.release_memory();
    net::Deadline& deadline = client.deadline();
    deadline.set(world_.in(seconds(50)));
    const net::Woken woken =
        co_await net::wait_any(world_.loop(), &deadline, client.gone(), upstream.readable());
    if (!woken.by(upstream.readable())) {
      co_return failure(Error::client(ErrorKind::kClientGone, "gone, or nothing more came"));
    }
  }
}

class ExchangeSimulation : public ::testing::TestWithParam<int> {};

constexpr int kClients = 3;
constexpr int kRequestsEach = 4;
constexpr int kSeedsEach = testing::kSanitized ? 25 : 150;

TEST_P(ExchangeSimulation, NeverLosesInventsOrLeavesAnythingWhereConnectionsBreak) {
  std::size_t breaks = 0;
  int completed = 0;
  int failed = 0;
  for (int i = 0; i < kSeedsEach; ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * kSeedsEach + i);
    World world(seed, 20 + seed % 400);
    ASSERT_TRUE(world.run(kClients, kRequestsEach)) << "something never ends, seed " << seed;
    ASSERT_EQ(world.counts().wrong, 0) << "seed " << seed;
    ASSERT_EQ(world.exceptions(), "") << "seed " << seed;
    breaks += world.breaks();
    completed += world.counts().completed;
    failed += world.counts().failed;
  }
  // All kinds of schedules occurred.
  EXPECT_GT(breaks, 0u);
  EXPECT_GT(completed, 0);
  EXPECT_GT(failed, 0);
}

TEST_P(ExchangeSimulation, AnswersEverythingWhereNothingBreaks) {
  int stale = 0;
  for (int i = 0; i < kSeedsEach; ++i) {
    const auto seed = static_cast<std::uint64_t>(1'000'000 + GetParam() * kSeedsEach + i);
    World world(seed, 0);
    ASSERT_TRUE(world.run(kClients, kRequestsEach)) << "something never ends, seed " << seed;
    ASSERT_EQ(world.counts().wrong, 0) << "seed " << seed;
    ASSERT_EQ(world.counts().completed + world.counts().left, kClients * kRequestsEach)
        << "seed " << seed;
    stale += world.counts().stale;
  }
  EXPECT_GT(stale, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExchangeSimulation, ::testing::Range(0, 8));

}  // namespace
}  // namespace penstock::http
