// Thousands of seeded schedules of the real gateway: clients made of UpstreamConnection, and an
// upstream made of ServerConnection, over connections in memory that hold bytes back, let them
// arrive in any pieces, and break. What is checked holds for every schedule; a failure names its
// seed.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/text.h"
#include "gateway/gateway_parts.h"
#include "http/server_connection.h"
#include "http/upstream_connection.h"
#include "net/wait.h"
#include "support/memory_stream.h"
#include "support/patience.h"
#include "support/simulated_loop.h"

namespace penstock::gateway {
namespace {

using http::FieldBlock;
using http::Framing;
using http::Last;
using http::Pieces;
using http::ServerConnection;
using http::ServerExchange;
using http::ServerLimits;
using http::UpstreamConnection;

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

// The same without what JSON would escape.
std::string text_pattern(std::uint64_t id, std::size_t bytes) {
  std::string text = pattern(id, bytes);
  std::ranges::replace_if(text, [](char c) { return c == '"' || c == '\\'; }, '_');
  return text;
}

// What the upstream does with a request: derived from its number alone, so that the client knows
// it.
struct Plan {
  enum class Kind : std::uint8_t { kJson, kEvents, kBytes };

  explicit Plan(std::uint64_t number)
      : request_bytes(SeededRandom(number).next() % 3 == 0 ? number * 7919 % 50'000 : number % 300),
        answer_bytes(number % 5 == 0 ? number * 104'729 % 60'000 : number * 31 % 700),
        kind(number % 7 < 2   ? Kind::kJson
             : number % 7 < 5 ? Kind::kEvents
                              : Kind::kBytes),
        framing(number % 3 == 0   ? Framing::Kind::kLength
                : number % 3 == 1 ? Framing::Kind::kChunked
                                  : Framing::Kind::kUntilClose),
        chunked_request(number % 2 == 0) {}

  std::string_view content_type() const {
    if (kind == Kind::kJson) return "application/json";
    return kind == Kind::kEvents ? "text/event-stream" : "application/octet-stream";
  }

  std::size_t request_bytes;
  std::size_t answer_bytes;
  Kind kind;
  Framing::Kind framing;
  bool chunked_request;
};

std::string request_text(std::uint64_t number, std::string_view model) {
  return R"({"number":)" + std::to_string(number) + R"(,"model":")" + std::string(model) +
         R"(","messages":")" + text_pattern(number, Plan(number).request_bytes) + "\"}";
}

std::string event(std::string_view model, std::string_view choice) {
  return R"(data: {"model":")" + std::string(model) + R"(","choices":[{)" + std::string(choice) +
         "}]}\n\n";
}

// The answer, as one who calls the model by that name gets it.
std::string answer_text(std::uint64_t number, std::string_view model) {
  const Plan plan(number);
  if (plan.kind == Plan::Kind::kBytes) return pattern(~number, plan.answer_bytes);
  const std::string text = text_pattern(~number, plan.answer_bytes);
  if (plan.kind == Plan::Kind::kJson) {
    return R"({"text":")" + text + R"(","model":")" + std::string(model) + "\"}";
  }
  std::string events;
  for (std::size_t at = 0; at < text.size(); at += 500) {
    events += event(model, R"("delta":{"content":")" + text.substr(at, 500) + "\"}");
  }
  return events + event(model, R"("finish_reason":"stop")") + "data: [DONE]\n\n";
}

// What precedes the gateway's own error event, which a broken stream ends with.
std::string_view without_error_event(std::string_view text) {
  return text.substr(0, text.find("data: {\"error\""));
}

struct Counts {
  int completed = 0;
  int failed = 0;
  int left = 0;  // of the failed: those that the client did not wait for
  int wrong = 0;
};

// Checks the request, then answers as its plan says.
class Upstream final : public http::Handler {
 public:
  explicit Upstream(Counts& counts) : counts_(counts) {}
  Task<void> handle(ServerExchange& exchange) override {
    Result<std::string_view> body = co_await exchange.read_body();
    if (!body) co_return;
    const std::uint64_t number = number_in(*body);
    const Plan plan(number);
    if (*body != request_text(number, "m")) ++counts_.wrong;
    const std::string data = answer_text(number, "m");
    if (plan.framing == Framing::Kind::kUntilClose) {
      co_return co_await end_by_close(exchange, plan, data);
    }
    FieldBlock fields;
    fields.add("Content-Type", plan.content_type());
    std::optional<std::uint64_t> length;
    if (plan.framing == Framing::Kind::kLength) length = data.size();
    Status written = co_await exchange.respond(200, std::move(fields), length, {}, Last::kNo);
    for (std::size_t at = 0; written && at < data.size(); at += 1'000) {
      written = co_await exchange.write(std::string_view(data).substr(at, 1'000), Last::kNo);
    }
    if (written) co_await exchange.write({}, Last::kYes);
  }
  http::Refusal refuse(const Error& error, const net::SocketAddress&, std::string_view) override {
    // The gateway sends valid HTTP.
    if (error.kind != ErrorKind::kClientGone) ++counts_.wrong;
    return {};
  }

 private:
  static std::uint64_t number_in(std::string_view body) {
    const std::string_view digits = body.substr(body.find(':') + 1);
    return parse_decimal(digits.substr(0, digits.find(','))).value_or(0);
  }

  // As many servers do, though the client speaks HTTP/1.1.
  static Task<void> end_by_close(ServerExchange& exchange, const Plan& plan,
                                 std::string_view data) {
    std::string text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: ";
    text.append(plan.content_type()).append("\r\n\r\n").append(data);
    Pieces pieces;
    pieces.add(text);
    exchange.end_after_this();
    const Status written = co_await exchange.write_raw(pieces);
    if (written) exchange.raw_ended();
  }

  Counts& counts_;
};

class World;

class UpstreamConnector final : public net::Connector {
 public:
  explicit UpstreamConnector(World& world) : world_(world) {}
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination&, SteadyTime,
                                                     net::Signal&) override;

 private:
  World& world_;
};

class World : private GatewayParts {
 public:
  World(std::uint64_t seed, std::size_t breaks_one_in)
      : random_(seed), network_(random_, breaks_one_in) {
    sim_.poller().set_outside([this] { return network_.step(); });
    client_limits_.head = {.bytes = 32 * 1024, .fields = 100};
    // Shorter than the pool's, so that connections do become stale.
    upstream_limits_.idle_timeout = seconds(3);
    start_gateway(sim_.loop(), connector_);
  }

  // Runs clients to their end, then the rest. False if something never ends.
  bool run(int clients, int requests_each) {
    for (int i = 0; i < clients; ++i) tasks_.spawn(be_client(requests_each));
    const bool ended = sim_.run_until([&] { return clients_ended_ == clients; });
    if (!ended) return false;
    for (ServerConnection* each : servers_) each->drain();
    providers.front()->close_idle();
    return sim_.run_until([&] { return tasks_.size() == 0; });
  }

  std::unique_ptr<MemoryStream> open(http::Handler& handler, const ServerLimits& limits) {
    auto [near, far] = memory_pair(options(), options());
    tasks_.spawn(serve(std::move(far), handler, limits));
    return std::move(near);
  }

  net::EventLoop& loop() { return sim_.loop(); }
  Counts& counts() { return counts_; }
  std::size_t breaks() const { return network_.breaks(); }
  double retries() const { return sample("penstock_upstream_retries_total{provider=\"p\"}"); }
  const std::string& exceptions() const { return exceptions_; }
  std::unique_ptr<MemoryStream> open_upstream() { return open(upstream_, upstream_limits_); }
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

  Task<void> serve(std::unique_ptr<MemoryStream> stream, http::Handler& handler,
                   const ServerLimits& limits) {
    ServerConnection connection({loop(), scratch, limits, bodies_, handler}, std::move(stream));
    servers_.push_back(&connection);
    co_await connection.serve();
    std::erase(servers_, &connection);
  }

  Task<void> be_client(int requests) {
    std::unique_ptr<UpstreamConnection> connection;
    for (int i = 0; i < requests; ++i) {
      if (!connection) {
        connection =
            std::make_unique<UpstreamConnection>(loop(), open(*gateway, client_limits_), scratch);
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
        pause.set(
            in(random_.next() % 2 == 0 ? upstream_limits_.idle_timeout : milliseconds(1'500)));
        co_await net::wait_any(loop(), &pause);
      }
    }
    ++clients_ended_;
  }

  Task<Status> send(UpstreamConnection& connection, const http::RequestToSend& request,
                    const Plan& plan, std::string_view body) {
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
    const std::string body = request_text(number, "p/m");
    FieldBlock fields;
    fields.add("Host", "gateway");
    const http::RequestToSend request{"POST", "/v1/chat/completions", fields};
    Status sent = co_await send(connection, request, plan, body);
    if (!sent) co_return sent;
    auto head = co_await connection.receive_head(in(seconds(100)), never_);
    if (!head) co_return failure(std::move(head.error()));
    const int status = (*head)->status;
    const bool leaves = random_.next() % 16 == 0;
    if (leaves) ++counts_.left;
    const std::string expected = answer_text(number, plan.kind == Plan::Kind::kBytes ? "" : "p/m");
    std::string received;
    net::Deadline deadline(loop());
    while (!leaves) {
      auto part = connection.read_body();
      if (!part) {
        if (status == 200 && !expected.starts_with(without_error_event(received))) ++counts_.wrong;
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
  http::BodyBudget bodies_{1024 * 1024 * 1024};
  Counts counts_;
  net::Signal never_;
  ServerLimits client_limits_;
  ServerLimits upstream_limits_;
  UpstreamConnector connector_{*this};
  Upstream upstream_{counts_};
  std::vector<ServerConnection*> servers_;
  int clients_ended_ = 0;
  std::string exceptions_;
  net::TaskGroup tasks_{sim_.loop(), [this](std::string_view what) { exceptions_ += what; }};
};

Task<Result<std::unique_ptr<net::Stream>>> UpstreamConnector::connect(const net::Destination&,
                                                                      SteadyTime, net::Signal&) {
  co_return world_.open_upstream();
}

class GatewaySimulation : public ::testing::TestWithParam<int> {};

constexpr int kClients = 3;
constexpr int kRequestsEach = 4;
constexpr int kSeedsEach = testing::kSanitized ? 25 : 150;

TEST_P(GatewaySimulation, NeverLosesInventsOrLeavesAnythingWhereConnectionsBreak) {
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

TEST_P(GatewaySimulation, AnswersEverythingWhereNothingBreaks) {
  double retries = 0;
  for (int i = 0; i < kSeedsEach; ++i) {
    const auto seed = static_cast<std::uint64_t>(1'000'000 + GetParam() * kSeedsEach + i);
    World world(seed, 0);
    ASSERT_TRUE(world.run(kClients, kRequestsEach)) << "something never ends, seed " << seed;
    ASSERT_EQ(world.counts().wrong, 0) << "seed " << seed;
    ASSERT_EQ(world.counts().completed + world.counts().left, kClients * kRequestsEach)
        << "seed " << seed;
    retries += world.retries();
  }
  // Some connections had become stale; the few schedules of a sanitizer's run need not have one.
  if (!testing::kSanitized) {
    EXPECT_GT(retries, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GatewaySimulation, ::testing::Range(0, 8));

}  // namespace
}  // namespace penstock::gateway
