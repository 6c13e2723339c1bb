#pragma once

// Shared by the tests of an upstream's connection: its far end is in memory, and the test is the
// upstream.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/upstream_connection.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::http {

using std::chrono::seconds;
using testing::memory_pair;
using testing::MemoryOptions;
using testing::MemoryStream;
using testing::SimulatedLoop;
using testing::Tasks;

// How a request with a body of that length begins.
inline std::string head_of_post(std::size_t body_bytes) {
  return "POST /t HTTP/1.1\r\nHost: u\r\nContent-Length: " + std::to_string(body_bytes) +
         "\r\n\r\n";
}

class UpstreamConnectionTest : public ::testing::Test {
 protected:
  UpstreamConnectionTest() { fields_.add("Host", "u"); }
  ~UpstreamConnectionTest() override {
    cancel_.raise();
    sim_.settle();
    EXPECT_EQ(tasks_.running(), 0u) << "a wait never ends";
  }

  void connect(const MemoryOptions& options = {}, const MemoryOptions& far_options = {}) {
    auto [near, far] = memory_pair(options, far_options);
    connection_.reset();
    upstream_ = std::move(far);
    connection_ = std::make_unique<UpstreamConnection>(sim_.loop(), std::move(near), scratch_);
    sim_.settle();
  }

  SteadyTime in(seconds time) { return sim_.clock().steady() + time; }

  RequestToSend request(std::string_view method) { return {method, "/t", fields_}; }

  // Sends a request: without a body, a GET.
  void send(std::string_view body = "") {
    sent_.reset();
    Pieces pieces;
    pieces.add(bodies_.emplace_back(body));
    const RequestToSend each = request(body.empty() ? "GET" : "POST");
    tasks_.start(connection_->send(each, pieces, in(seconds(10)), cancel_), sent_);
    sim_.settle();
  }
  // The beginning of a request whose body comes in parts.
  void send_part(std::optional<std::uint64_t> length, std::string_view part, Last last) {
    sent_.reset();
    const RequestToSend post = request("POST");
    tasks_.start(connection_->send(post, length, part, last, in(seconds(10)), cancel_), sent_);
    sim_.settle();
  }
  void write_part(std::string_view part, Last last) {
    sent_.reset();
    tasks_.start(connection_->write(part, last, in(seconds(10)), cancel_), sent_);
    sim_.settle();
  }

  void ask_for_head() {
    head_.reset();
    tasks_.start(connection_->receive_head(in(seconds(10)), cancel_), head_);
    sim_.settle();
  }

  // A whole exchange, up to the answer's head.
  void exchange(std::string_view answer) {
    send();
    EXPECT_TRUE(sent_ && *sent_);
    upstream_->send(answer);
    ask_for_head();
  }

  struct Body {
    std::string data;
    bool end = false;
    std::optional<ErrorKind> error;
  };
  Body read_all() {
    Body body;
    for (;;) {
      auto part = connection_->read_body();
      if (!part) {
        body.error = part.error().kind;
        return body;
      }
      body.data += part->data;
      body.end = part->end;
      if (part->end || (part->data.empty() && !connection_->has_buffered() &&
                        !connection_->readable().raised())) {
        return body;
      }
    }
  }

  ErrorKind error_kind() const { return head_->error().kind; }
  RetryClass retry() const { return head_->error().retry; }

  SimulatedLoop sim_;
  FieldBlock fields_;
  std::deque<std::string> bodies_;  // that are being sent
  ScratchPool scratch_;
  net::Signal cancel_;
  std::unique_ptr<MemoryStream> upstream_;
  std::unique_ptr<UpstreamConnection> connection_;
  std::optional<Status> sent_;
  std::optional<Result<const ResponseHead*>> head_;
  Tasks tasks_{sim_.loop()};
};

}  // namespace penstock::http
