#include "http/upstream_connection.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/upstream_connection_fixture.h"
#include "net/wait.h"
#include "support/forwarding_stream.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::http {
namespace {

// A connection that takes a part of what is written, and breaks at the next write.
class TakesAPart final : public testing::ForwardingStream {
 public:
  TakesAPart(std::unique_ptr<MemoryStream> stream, MemoryStream& far)
      : ForwardingStream(std::move(stream)), far_(far) {}

  net::Transfer write(std::span<const iovec> pieces) override {
    if (std::exchange(took_, true)) {
      far_.reset();
      return {net::Transfer::Kind::kFailed, 0};
    }
    const iovec part{pieces.front().iov_base, 1};
    return ForwardingStream::write({&part, 1});
  }

 private:
  MemoryStream& far_;
  bool took_ = false;
};

TEST_F(UpstreamConnectionTest, SendsTheWholeRequestHoweverLittleTheUpstreamTakes) {
  const std::string body(100'000, 'r');
  const std::string request = head_of_post(body.size()) + body;
  for (const auto manner : {MemoryOptions::Manner::kTcp, MemoryOptions::Manner::kTls}) {
    connect({.manner = manner, .write_bytes_max = 333}, {.window_bytes = 1'000});
    send(body);
    std::string received;
    while (received.size() < request.size()) {
      const std::string more = upstream_->receive();
      ASSERT_NE(more, "") << "sending ended after " << received.size() << " bytes";
      received += more;
      sim_.settle();
    }
    EXPECT_EQ(received, request);
    EXPECT_TRUE(sent_ && *sent_);
  }
}

TEST_F(UpstreamConnectionTest, StopsSendingWhenTheAnswerComesEarlyAndIsThenNotReused) {
  connect({}, {.window_bytes = 1'000});
  send(std::string(100'000, 'r'));
  EXPECT_FALSE(sent_);
  upstream_->send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  sim_.settle();
  ASSERT_TRUE(sent_ && *sent_);
  ask_for_head();
  ASSERT_TRUE(head_ && *head_);
  EXPECT_EQ((**head_)->status, 413);
  const Body body = read_all();
  EXPECT_EQ(body.data, "no");
  EXPECT_TRUE(body.end);
  // The next bytes would be taken for the rest of this request.
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(UpstreamConnectionTest, ReadsBodiesOfEveryFramingHoweverTheyAreCut) {
  struct Case {
    std::string head;
    std::string coded;
    bool reusable;
  };
  const Case cases[] = {
      {"Content-Length: 11\r\n", "hello world", true},
      {"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6;e=1\r\n world\r\n0\r\nT: x\r\n\r\n",
       true},
      {"", "hello world", false},
  };
  for (const Case& each : cases) {
    const std::string answer = "HTTP/1.1 200 OK\r\n" + each.head + "\r\n" + each.coded;
    for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
      connect({.read_bytes_max = cut % 2 == 0 ? 1u : 1'000u});
      exchange(std::string_view(answer).substr(0, cut));
      std::string data;
      if (head_) data = read_all().data;
      upstream_->send(std::string_view(answer).substr(cut));
      if (!each.reusable) upstream_->end_writing();
      sim_.settle();
      ASSERT_TRUE(head_ && *head_);
      const Body rest = read_all();
      EXPECT_EQ(data + rest.data, "hello world");
      EXPECT_TRUE(rest.end);
      EXPECT_EQ(connection_->reusable(), each.reusable);
    }
  }
}

TEST_F(UpstreamConnectionTest, KnowsThatAnAnswerOfLengthZeroHasEnded) {
  connect();
  exchange("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(head_ && *head_);
  EXPECT_TRUE(connection_->has_buffered());
  const Body body = read_all();
  EXPECT_TRUE(body.end);
  EXPECT_FALSE(body.error);
  EXPECT_TRUE(connection_->reusable());
}

TEST_F(UpstreamConnectionTest, TellsACutBodyFromAWholeOne) {
  const std::string framings[] = {"Content-Length: 11\r\n\r\nhello",
                                  "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"};
  for (const std::string& framing : framings) {
    connect();
    exchange("HTTP/1.1 200 OK\r\n" + framing);
    upstream_->end_writing();
    const Body body = read_all();
    EXPECT_EQ(body.data, "hello");
    EXPECT_EQ(body.error, ErrorKind::kUpstreamReset) << framing;
    EXPECT_FALSE(connection_->reusable());
  }
  // Without framing, the end of the connection is the end of the body, but only an orderly one.
  connect();
  exchange("HTTP/1.1 200 OK\r\n\r\nhello");
  upstream_->reset();
  EXPECT_EQ(read_all().error, ErrorKind::kUpstreamReset);
}

TEST_F(UpstreamConnectionTest, SkipsInterimAnswers) {
  connect();
  exchange(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_TRUE(head_ && *head_);
  EXPECT_EQ((**head_)->status, 200);
  EXPECT_EQ(read_all().data, "ok");

  connect();
  std::string many;
  for (int i = 0; i < 17; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  exchange(many);
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(error_kind(), ErrorKind::kUpstreamInvalidResponse);
}

TEST_F(UpstreamConnectionTest, TakesAHeadLargerThanABlock) {
  connect();
  const std::string value(40'000, 'v');
  const std::string answer =
      "HTTP/1.1 200 OK\r\nX-Long: " + value + "\r\nContent-Length: 20000\r\n\r\n";
  exchange("HTTP/1.1 100 Continue\r\n\r\n" + answer.substr(0, 30'000));
  EXPECT_FALSE(head_);
  upstream_->send(answer.substr(30'000) + std::string(20'000, 'b'));
  sim_.settle();
  ASSERT_TRUE(head_ && *head_);
  EXPECT_EQ((**head_)->fields.find("x-long"), value);
  EXPECT_EQ(read_all().data, std::string(20'000, 'b'));
}

TEST_F(UpstreamConnectionTest, SaysWhetherARequestMayBeSentAgain) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  connect();
  upstream_->reset();
  send();
  ASSERT_TRUE(sent_ && !*sent_);
  EXPECT_EQ(sent_->error().retry, RetryClass::kNothingSent);

  // A new connection: the upstream may have acted on the request.
  connect();
  send();
  upstream_->receive();
  upstream_->end_writing();
  ask_for_head();
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(retry(), RetryClass::kNever);

  // A reused one that returns no byte had most likely been closed before.
  connect();
  exchange(whole);
  connection_->rest(seconds(4));
  send();
  upstream_->receive();
  upstream_->end_writing();
  ask_for_head();
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(retry(), RetryClass::kStaleConnection);

  // One that returns an interim answer has taken the request.
  connect();
  exchange(whole);
  connection_->rest(seconds(4));
  send();
  upstream_->receive();
  upstream_->send("HTTP/1.1 100 Continue\r\n\r\n");
  upstream_->end_writing();
  ask_for_head();
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(retry(), RetryClass::kNever);
}

// A part of the request may have been read and acted on.
TEST_F(UpstreamConnectionTest, DoesNotSayThatNothingWasSentWhenAPartOfTheRequestHasLeft) {
  connect({}, {.window_bytes = 1'000});
  exchange("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(head_ && *head_);
  connection_->rest(seconds(4));
  upstream_->receive();
  send(std::string(100'000, 'r'));
  EXPECT_FALSE(sent_);
  EXPECT_EQ(upstream_->receive().size(), 1'000u);
  sim_.settle();
  upstream_->reset();
  sim_.settle();
  ASSERT_TRUE(sent_ && *sent_);
  ask_for_head();
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(retry(), RetryClass::kStaleConnection);
}

TEST_F(UpstreamConnectionTest, DoesNotSayThatNothingWasSentWhereAWriteBreaksAfterAnother) {
  auto [near, far] = memory_pair();
  upstream_ = std::move(far);
  connection_ = std::make_unique<UpstreamConnection>(
      sim_.loop(), std::make_unique<TakesAPart>(std::move(near), *upstream_), scratch_);
  send();
  ASSERT_TRUE(sent_ && *sent_);
  ask_for_head();
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(retry(), RetryClass::kNever) << "it is a new connection";
}

TEST_F(UpstreamConnectionTest, GoesOnSendingAfterAnInterimAnswer) {
  const std::string body(100'000, 'r');
  const std::string request = head_of_post(body.size()) + body;
  const std::string continues = "HTTP/1.1 100 Continue\r\n\r\n";
  // Wherever the interim answer is cut.
  for (std::size_t cut = 1; cut <= continues.size(); ++cut) {
    connect({}, {.window_bytes = 1'000});
    send(body);
    upstream_->send(std::string_view(continues).substr(0, cut));
    std::string received;
    while (received.size() < request.size()) {
      const std::string more = upstream_->receive();
      ASSERT_NE(more, "") << "sending ended after " << received.size() << " bytes";
      received += more;
      sim_.settle();
      if (received.size() == 10'000) {
        upstream_->send(std::string_view(continues).substr(cut));
        sim_.settle();
      }
    }
    EXPECT_EQ(received, request);
    EXPECT_TRUE(sent_ && *sent_);
    upstream_->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    ask_for_head();
    ASSERT_TRUE(head_ && *head_);
    EXPECT_EQ((**head_)->status, 200);
    EXPECT_EQ(read_all().data, "ok");
    EXPECT_TRUE(connection_->reusable());
  }
}

TEST_F(UpstreamConnectionTest, AnInterimAnswerDuringTheSendingMeansThatTheRequestWasTaken) {
  connect({}, {.window_bytes = 1'000});
  exchange("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  connection_->rest(seconds(4));
  upstream_->receive();
  send(std::string(100'000, 'r'));
  upstream_->send("HTTP/1.1 103 Early Hints\r\n\r\n");
  sim_.settle();
  EXPECT_FALSE(sent_);
  upstream_->reset();
  sim_.settle();
  ASSERT_TRUE(sent_ && *sent_);
  ask_for_head();
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(retry(), RetryClass::kNever);
}

TEST_F(UpstreamConnectionTest, RefusesInterimAnswersWithoutEndDuringTheSending) {
  connect({}, {.window_bytes = 1'000});
  send(std::string(100'000, 'r'));
  std::string many;
  for (int i = 0; i < 17; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  upstream_->send(many);
  sim_.settle();
  ASSERT_TRUE(sent_ && !*sent_);
  EXPECT_EQ(sent_->error().kind, ErrorKind::kUpstreamInvalidResponse);
}

TEST_F(UpstreamConnectionTest, EndsEveryWaitAtItsTimeAndWhenTheClientHasGone) {
  connect({}, {.window_bytes = 10});
  send();
  sim_.pass(seconds(10));
  ASSERT_TRUE(sent_ && !*sent_);
  EXPECT_EQ(sent_->error().kind, ErrorKind::kUpstreamTimeout);

  connect();
  send();
  ask_for_head();
  sim_.pass(seconds(10));
  ASSERT_TRUE(head_ && !*head_);
  EXPECT_EQ(error_kind(), ErrorKind::kUpstreamTimeout);

  connect({}, {.window_bytes = 10});
  send();
  cancel_.raise();
  sim_.settle();
  ASSERT_TRUE(sent_ && !*sent_);
  EXPECT_EQ(sent_->error().kind, ErrorKind::kCancelled);
}

TEST_F(UpstreamConnectionTest, IsNotReusedWhereAnythingSpeaksAgainstIt) {
  const std::string_view answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
  };
  for (const std::string_view answer : answers) {
    connect();
    exchange(answer);
    EXPECT_EQ(read_all().data, "ok");
    EXPECT_FALSE(connection_->reusable()) << answer;
  }
  connect();
  exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(read_all().data, "ok");
  EXPECT_TRUE(connection_->reusable());
  // A second request has begun: the first answer's end no longer matters.
  connection_->rest(seconds(4));
  send();
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(UpstreamConnectionTest, ResetsAConnectionThatItLeavesInsideAnExchange) {
  connect();
  exchange("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(read_all().data, "half");
  upstream_->receive();
  connection_.reset();
  EXPECT_TRUE(upstream_->broken());

  connect();
  exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(read_all().data, "ok");
  upstream_->receive();
  connection_.reset();
  EXPECT_TRUE(upstream_->ended());
}

}  // namespace
}  // namespace penstock::http
