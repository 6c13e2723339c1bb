#pragma once

// RoutedGateway: the real gateway with several scripted upstreams, on a simulated loop.
//
// The providers `a`, `b` and `c` are upstreams of those names. A test sets up the routes in
// routes(), says what each upstream does with its next requests, and then asks; who has served is
// read from what the upstreams got. Upstreams without a script answer like a service that works.

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/gateway_parts.h"
#include "http/server_connection.h"
#include "net/wait.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::gateway {

// What an upstream does with one request: its steps, in order.
class Act {
 public:
  using milliseconds = std::chrono::milliseconds;

  // The whole text of an answer, head and body.
  static Act raw(std::string text) { return Act().then(std::move(text)); }
  static Act answer(int status, std::string_view body, std::string_view fields = "") {
    return raw(
        "HTTP/1.1 " + std::to_string(status) +
        " S\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n" + std::string(fields) + "\r\n" + std::string(body));
  }
  static Act error(int status, std::string_view code = "", std::string_view fields = "") {
    return answer(
        status,
        R"({"error":{"message":"no","type":"error","code":")" + std::string(code) + R"("}})",
        fields);
  }
  // A stream of these events, which ends in order.
  static Act stream(const std::vector<std::string>& events) {
    Act act = begin_stream();
    for (const std::string& event : events) act.event(event);
    return act.then("0\r\n\r\n");
  }
  static Act begin_stream() {
    return raw(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
  Act& event(const std::string& data) {
    const std::string text = data.ends_with("\n\n") ? data : "data: " + data + "\n\n";
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return add({.text = size + text + "\r\n"});
  }
  Act& then(std::string text) { return add({.text = std::move(text)}); }
  Act& wait(std::chrono::nanoseconds time) { return add({.wait = time}); }
  // Breaks the connection.
  Act& reset() { return add({.resets = true}); }
  // Answers no more, and keeps the connection open.
  Act& stall() { return add({.wait = std::chrono::hours(10)}); }
  static Act silence() { return Act().stall(); }
  // Tells the test that the steps before it are done.
  Act& call(std::function<void()> then) { return add({.call = std::move(then)}); }

  struct Step {
    std::string text = {};
    std::chrono::nanoseconds wait{0};
    bool resets = false;
    std::function<void()> call = {};
  };
  const std::vector<Step>& steps() const { return steps_; }
  // Tells the test that the upstream has no more to do with the request.
  std::function<void()> ended = [] {};

 private:
  Act& add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }
  std::vector<Step> steps_;
};

inline std::string chat_chunk(std::string_view delta, std::string_view finish = "null") {
  return R"({"model":"m","choices":[{"index":0,"delta":)" + std::string(delta) +
         R"(,"finish_reason":)" + std::string(finish) + "}]}";
}
inline const std::string kRole = chat_chunk(R"({"role":"assistant","content":""})");
inline const std::string kHello = chat_chunk(R"({"content":"hello"})");
inline const std::string kStop = chat_chunk("{}", R"("stop")");

class RoutedGateway : public ::testing::Test, protected GatewayParts {
 public:
  using milliseconds = std::chrono::milliseconds;
  using seconds = std::chrono::seconds;

  // One upstream.
  struct Upstream {
    std::deque<Act> next;                              // for the next requests, in order
    std::optional<Act> always;                         // for all others
    std::function<Act(const std::string& body)> acts;  // decides for each request, if set
    bool refuses = false;                              // connections
    bool throws = false;                               // connecting to it, as a bug would
    std::vector<std::string> got;                      // bodies, in the order of their arrival
    std::vector<SteadyTime> at;                        // when
    std::vector<std::string> heads;
    std::size_t connections = 0;
    std::size_t open = 0;       // requests that it is answering
    std::size_t cut_short = 0;  // whose connection was closed before its last step

    std::size_t served() const { return got.size(); }
  };

  // What a client has got so far.
  struct Reply {
    int status = 0;
    std::string head;
    std::string body;     // chunked coding removed
    bool ended = false;   // in order
    bool broken = false;  // or cut

    std::string field(std::string_view name) const {
      const std::string key = "\r\n" + std::string(name) + ": ";
      const std::size_t at = head.find(key);
      if (at == std::string::npos) return "";
      const std::size_t begin = at + key.size();
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
  };

  // A client's connection with one request.
  class Client {
   public:
    explicit Client(std::unique_ptr<testing::MemoryStream> stream) : stream_(std::move(stream)) {}
    // How much of it the connection takes at once.
    std::size_t send(std::string_view text) { return stream_->send(text); }
    void leave() { stream_->reset(); }
    Reply reply() {
      text_ += stream_->receive();
      return parse(stream_->broken() || stream_->ended());
    }

   private:
    Reply parse(bool closed) const {
      Reply reply;
      const std::size_t end = text_.find("\r\n\r\n");
      if (end == std::string::npos) {
        reply.broken = closed;
        return reply;
      }
      reply.head = text_.substr(0, end + 2);
      reply.status = std::atoi(reply.head.c_str() + 9);
      std::string_view rest = std::string_view(text_).substr(end + 4);
      if (reply.field("Transfer-Encoding") == "chunked") {
        while (!rest.empty()) {
          const std::size_t line = rest.find("\r\n");
          if (line == std::string_view::npos) break;
          const std::size_t size = std::stoul(std::string(rest.substr(0, line)), nullptr, 16);
          if (size == 0) reply.ended = true;
          if (size == 0 || rest.size() < line + 2 + size) break;
          reply.body += rest.substr(line + 2, size);
          rest.remove_prefix(std::min(rest.size(), line + 2 + size + 2));
        }
      } else {
        reply.body = rest;
        const std::string length = reply.field("Content-Length");
        reply.ended = !length.empty() && reply.body.size() >= std::stoul(length);
      }
      reply.broken = closed && !reply.ended;
      return reply;
    }

    std::unique_ptr<testing::MemoryStream> stream_;
    std::string text_;
  };

 protected:
  RoutedGateway() : GatewayParts(telemetry::LogLevel::kOff, {"a", "b", "c"}) {
    for (config::Provider& provider : settings->providers) {
      provider.api_key = Secret("key-of-upstream-" + provider.id);
    }
  }

  ~RoutedGateway() override {
    for (auto& client : clients_) client->leave();
    sim.pass(std::chrono::hours(20));
    for (auto& provider : providers) provider->close_idle();
    sim.pass(std::chrono::hours(1));
    if (chooser) {
      for (const auto& target : chooser->router().targets()) {
        EXPECT_EQ(target->in_flight(), 0u) << target->provider_id() << " is never free again";
      }
    }
    EXPECT_EQ(tasks_.size(), 0u) << "something never ends";
    EXPECT_EQ(exceptions_, "");
  }

  // A route `smart` to the model `m` of these providers, in this order. Change it before start().
  config::ModelRoute& route(std::string_view providers_of_it = "ab",
                            std::string_view name = "smart") {
    config::ModelRoute& added = settings->routing.routes.emplace_back();
    added.model = name;
    for (const char letter : providers_of_it) {
      config::RouteTarget target;
      target.provider = static_cast<std::size_t>(letter - 'a');
      target.model = "m";
      added.targets.push_back(target);
    }
    // Who is asked first shall not depend on chance.
    added.rules.balance = config::Balance::kFirst;
    return added;
  }

  void start() { start_gateway(sim.loop(), connector_); }

  static std::string post(std::string_view path, std::string_view body,
                          std::string_view fields = "") {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + std::string(fields) + "\r\n" + std::string(body);
  }
  static std::string chat_body(std::string_view model, bool stream = false,
                               std::string_view more = "") {
    return R"({"model":")" + std::string(model) +
           R"(","messages":[{"role":"user","content":"hi"}],"stream":)" +
           (stream ? "true" : "false") + std::string(more) + "}";
  }
  static std::string chat(std::string_view model = "smart", std::string_view fields = "") {
    return post("/v1/chat/completions", chat_body(model), fields);
  }
  static std::string stream(std::string_view model = "smart", std::string_view fields = "") {
    return post("/v1/chat/completions", chat_body(model, true), fields);
  }

  // A client that sends the request; what happens at once has happened.
  Client& begin(std::string_view request) {
    auto [near, far] = testing::memory_pair();
    tasks_.spawn(serve(std::move(near), *gateway, limits_));
    clients_.push_back(std::make_unique<Client>(std::move(far)));
    for (Client& client = *clients_.back(); !request.empty();) {
      const std::size_t taken = client.send(request);
      sim.settle();
      EXPECT_GT(taken, 0u) << "the gateway reads no further";
      if (taken == 0) break;
      request.remove_prefix(taken);
    }
    return *clients_.back();
  }
  // The same with what it has got by then.
  Reply ask(std::string_view request) { return begin(request).reply(); }

  Upstream& a() { return upstreams["a"]; }
  Upstream& b() { return upstreams["b"]; }
  Upstream& c() { return upstreams["c"]; }
  void pass(std::chrono::nanoseconds time) { sim.pass(time); }
  // What handlers have thrown since the last call; a test that expects nothing need not ask.
  std::string take_exceptions() { return std::exchange(exceptions_, {}); }
  // From now on it refuses connections, and those that it had are gone.
  void kill(std::size_t provider) {
    upstreams[settings->providers[provider].id].refuses = true;
    providers[provider]->close_idle();
    sim.settle();
  }

  testing::SimulatedLoop sim;
  std::map<std::string, Upstream> upstreams;

 private:
  // Serves one upstream's connections by its script.
  class Script final : public http::Handler {
   public:
    Script(RoutedGateway& test, Upstream& upstream) : test_(test), upstream_(upstream) {}
    Task<void> handle(http::ServerExchange& exchange) override {
      upstream_.heads.push_back(head_text(exchange.request()));
      Result<std::string_view> body = co_await exchange.read_body();
      if (!body) co_return;
      upstream_.got.emplace_back(*body);
      upstream_.at.push_back(test_.sim.loop().now());
      const Act act = next_act(*body);
      ++upstream_.open;
      const bool whole = co_await perform(exchange, act);
      --upstream_.open;
      act.ended();
      if (!whole) ++upstream_.cut_short;
    }
    http::Refusal refuse(const Error&, const net::SocketAddress&, std::string_view) override {
      return {};
    }

   private:
    static std::string head_text(const http::RequestHead& head) {
      std::string text = std::string(head.method) + " " + std::string(head.target) + "\r\n";
      for (const http::Field& field : head.fields) {
        text.append(field.name).append(": ").append(field.value).append("\r\n");
      }
      return text;
    }

    Act next_act(std::string_view body) {
      if (upstream_.acts) return upstream_.acts(std::string(body));
      if (!upstream_.next.empty()) {
        Act act = std::move(upstream_.next.front());
        upstream_.next.pop_front();
        return act;
      }
      if (upstream_.always) return *upstream_.always;
      if (body.find(R"("stream":true)") != std::string_view::npos) {
        return Act::stream({kRole, kHello, kStop, "[DONE]"});
      }
      return Act::answer(200, R"({"id":"x","model":"m","choices":[]})");
    }

    // False if the gateway has closed the connection before the last step.
    Task<bool> perform(http::ServerExchange& exchange, const Act& act) {
      net::EventLoop& loop = test_.sim.loop();
      for (const Act::Step& step : act.steps()) {
        if (step.resets) {
          exchange.reset_on_close();
          exchange.end_after_this();
          co_return true;
        }
        if (step.call) step.call();
        if (step.wait.count() > 0) {
          net::Deadline deadline(loop);
          deadline.set(loop.now() + step.wait);
          const net::Woken woken = co_await net::wait_any(loop, &deadline, exchange.gone());
          if (woken.by(exchange.gone())) co_return false;
          continue;
        }
        if (step.text.empty()) continue;
        http::Pieces pieces;
        pieces.add(step.text);
        Status written = co_await exchange.write_raw(pieces);
        if (!written) co_return false;
      }
      exchange.raw_ended();
      co_return true;
    }

    RoutedGateway& test_;
    Upstream& upstream_;
  };

  class ByHost final : public net::Connector {
   public:
    explicit ByHost(RoutedGateway& test) : test_(test) {}
    Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination& destination,
                                                       SteadyTime, net::Signal&) override {
      Upstream& upstream = test_.upstreams[destination.host];
      if (upstream.throws) throw std::logic_error("connecting is broken");
      if (upstream.refuses) {
        co_return failure(Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
                                          "connection refused"));
      }
      ++upstream.connections;
      auto [near, far] = testing::memory_pair();
      test_.scripts_.push_back(std::make_unique<Script>(test_, upstream));
      test_.tasks_.spawn(
          test_.serve(std::move(far), *test_.scripts_.back(), test_.upstream_limits_));
      co_return std::unique_ptr<net::Stream>(std::move(near));
    }

   private:
    RoutedGateway& test_;
  };

  Task<void> serve(std::unique_ptr<testing::MemoryStream> stream, http::Handler& handler,
                   const http::ServerLimits& limits) {
    http::ServerConnection connection({sim.loop(), scratch, limits, bodies_, handler},
                                      std::move(stream));
    co_await connection.serve();
  }

  http::ServerLimits limits_;
  http::ServerLimits upstream_limits_;
  http::BodyBudget bodies_{64 * 1024 * 1024};
  ByHost connector_{*this};
  std::vector<std::unique_ptr<Script>> scripts_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::string exceptions_;
  net::TaskGroup tasks_{sim.loop(), [this](std::string_view what) { exceptions_ += what; }};
};

}  // namespace penstock::gateway
