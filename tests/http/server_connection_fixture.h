#pragma once

// Shared by the tests of a server's connection: a client on a stream in memory, a fake clock, and a
// handler that does what the test says.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/serializer.h"
#include "http/server_connection.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::http {

inline std::string answer_with(std::string_view body, bool keep_alive = true) {
  std::string text = "HTTP/1.1 200 OK\r\nDate: today\r\n";
  append_content_length(text, body.size());
  if (!keep_alive) text += "Connection: close\r\n";
  return text + "\r\n" + std::string(body);
}

// The date that answer_with() expects.
inline FieldBlock date_field() {
  FieldBlock fields;
  fields.add("Date", "today");
  return fields;
}

inline Task<Status> answer(ServerExchange& exchange, std::string_view body) {
  Pieces pieces;
  pieces.add(body);
  co_return co_await exchange.respond(200, date_field(), pieces);
}

// Reads the body and answers with method, target and body, so that a test sees what was understood.
inline Task<void> echo(ServerExchange& exchange) {
  std::string text(exchange.request().method);
  text.append(" ").append(exchange.request().target).append(" ");
  Result<std::string_view> body = co_await exchange.read_body();
  text.append(body ? *body : name_of(body.error().kind));
  co_await answer(exchange, text);
}

inline Task<void> answer_early(ServerExchange& exchange) {
  co_await answer(exchange, "early");
}

class TestHandler final : public Handler {
 public:
  Task<void> handle(ServerExchange& exchange) override {
    ++handled;
    co_await behaviour(exchange);
  }
  Refusal refuse(const Error& error, const net::SocketAddress&, std::string_view) override {
    refused.push_back(error.kind);
    Refusal refusal;
    if (error.kind == ErrorKind::kClientGone) return refusal;
    refusal.status = 400;
    refusal.body = "refused: " + error.message;
    return refusal;
  }
  void limit_hit(Limit limit) override { limits_hit.push_back(limit); }

  std::function<Task<void>(ServerExchange&)> behaviour = echo;
  int handled = 0;
  std::vector<Limit> limits_hit;
  std::vector<ErrorKind> refused;
};

class ServerConnectionTest : public ::testing::Test {
 protected:
  ~ServerConnectionTest() override {
    if (client_) client_->reset();
    sim_.pass(std::chrono::hours(1));
    EXPECT_EQ(tasks_.running(), 0u) << "a connection never ends";
    EXPECT_EQ(tasks_.exceptions(), "");
  }

  void connect(const testing::MemoryOptions& options = {},
               const testing::MemoryOptions& client_options = {}) {
    auto [near, far] = testing::memory_pair(options, client_options);
    client_ = std::move(far);
    connection_.emplace(context_, std::move(near));
    tasks_.start(connection_->serve());
    sim_.settle();
  }

  // What comes back for `text`, at once.
  std::string say(std::string_view text) {
    EXPECT_EQ(client_->send(text), text.size());
    sim_.settle();
    return client_->receive();
  }

  // serve() has ended. The stream lives until the connection is destroyed.
  bool has_ended() const { return tasks_.running() == 0; }

  testing::SimulatedLoop sim_;
  ScratchPool scratch_;
  ServerLimits limits_;
  BodyBudget bodies_{1024 * 1024};
  TestHandler handler_;
  const ServerContext context_{sim_.loop(), scratch_, limits_, bodies_, handler_};
  std::unique_ptr<testing::MemoryStream> client_;
  std::optional<ServerConnection> connection_;
  testing::Tasks tasks_{sim_.loop()};
};

inline constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

inline std::string post(std::string_view target, std::string_view body) {
  std::string text = "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n";
  append_content_length(text, body.size());
  return text + "\r\n" + std::string(body);
}

inline std::string post_chunked_head(std::string_view target) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
}

}  // namespace penstock::http
