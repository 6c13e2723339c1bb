#include "http/server_connection.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/serializer.h"
#include "http/server_connection_fixture.h"
#include "net/wait.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::memory_pair;
using testing::MemoryOptions;

TEST_F(ServerConnectionTest, AnswersRequestsInTheirOrderHoweverTheirBytesAreCut) {
  const std::string requests = std::string(kGet) + post("/b", "body b") + post_chunked_head("/c") +
                               "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: v\r\n\r\n" + post("/d", "") +
                               post("/e", "e");
  const std::string answers = answer_with("GET /a ") + answer_with("POST /b body b") +
                              answer_with("POST /c abcdefg") + answer_with("POST /d ") +
                              answer_with("POST /e e");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, requests.size()}) {
    connect({.write_bytes_max = piece});
    std::string received;
    for (std::size_t at = 0; at < requests.size(); at += piece) {
      received += say(std::string_view(requests).substr(at, piece));
    }
    EXPECT_EQ(received, answers) << "in pieces of " << piece;
    client_->end_writing();
    sim_.settle();
    EXPECT_TRUE(has_ended());
  }
}

TEST_F(ServerConnectionTest, TakesAHeadLargerThanABlockAndRefusesOneOverTheLimit) {
  connect();
  const std::string field = "X-Long: " + std::string(20'000, 'l') + "\r\n";
  const std::string large = "GET /large HTTP/1.1\r\nHost: h\r\n" + field + "\r\n";
  // After a small one, so that the large one does not begin at the block's front.
  EXPECT_EQ(say(std::string(kGet) + large + post("/b", "after")),
            answer_with("GET /a ") + answer_with("GET /large ") + answer_with("POST /b after"));
  EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: h\r\n" + field + field),
              EndsWith("\r\n\r\nrefused: the header is larger than the limit"));
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, ClosesAnIdleConnectionAfterItsTimeAndWithoutAWord) {
  for (const auto manner : {MemoryOptions::Manner::kTcp, MemoryOptions::Manner::kTls}) {
    connect({.manner = manner});
    EXPECT_EQ(say(kGet), answer_with("GET /a "));
    sim_.pass(limits_.idle_timeout - milliseconds(1));
    EXPECT_FALSE(has_ended());
    sim_.pass(milliseconds(1));
    EXPECT_TRUE(has_ended());
    EXPECT_EQ(client_->receive(), "");
  }
}

TEST_F(ServerConnectionTest, RefusesAHeadThatTakesTooLong) {
  connect();
  EXPECT_EQ(say("GET /slow"), "");
  sim_.pass(limits_.header_timeout / 2);
  EXPECT_EQ(say(" HTTP/1.1\r\n"), "");
  sim_.pass(limits_.header_timeout / 2);
  EXPECT_THAT(client_->receive(), EndsWith("refused: the request took too long to arrive"));
  EXPECT_TRUE(client_->ended());
}

// reported-failures 5.14
TEST_F(ServerConnectionTest, RefusesAHeadRequestWithoutABody) {
  for (const std::string_view start : {"HEAD / HTTP/1.1\r\n", "\r\nHEAD / HTTP/1.1\r\n"}) {
    connect();
    EXPECT_THAT(say(std::string(start) + "Host: h\r\nbroken field: x\r\n\r\n"),
                AllOf(HasSubstr("Content-Length: "), EndsWith("Connection: close\r\n\r\n")));
    client_->end_writing();
    sim_.settle();
  }
  for (const std::string_view start : {"GET / HTTP/1.1\r\n", "HEADS / HTTP/1.1\r\n"}) {
    connect();
    EXPECT_THAT(say(std::string(start) + "Host: h\r\nbroken field: x\r\n\r\n"),
                HasSubstr("\r\n\r\nrefused: "));
    client_->end_writing();
    sim_.settle();
  }
}

TEST_F(ServerConnectionTest, RefusesAHeadRequestThatTakesTooLongWithoutABody) {
  connect();
  EXPECT_EQ(say("HEAD / HTTP/1.1\r\nHost:"), "");
  sim_.pass(limits_.header_timeout);
  EXPECT_THAT(client_->receive(), EndsWith("Connection: close\r\n\r\n"));
}

Task<void> wait_until_gone(ServerExchange& connection) {
  co_await net::wait_any(connection.loop(), nullptr, connection.gone());
}

TEST_F(ServerConnectionTest, TellsTheHandlerThatTheClientHasGone) {
  handler_.behaviour = wait_until_gone;
  connect();
  EXPECT_EQ(say(kGet), "");
  EXPECT_FALSE(has_ended());
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());

  connect();
  EXPECT_EQ(say(kGet), "");
  client_->reset();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, StopsWhateverItDoes) {
  handler_.behaviour = wait_until_gone;
  for (const std::string_view before : {std::string_view(), kGet.substr(0, 9), kGet}) {
    connect();
    EXPECT_EQ(say(before), "");
    connection_->stop();
    sim_.settle();
    EXPECT_TRUE(has_ended()) << before;
  }
}

TEST_F(ServerConnectionTest, EndsAtOnceInADrainWhereItIsIdle) {
  for (const auto manner : {MemoryOptions::Manner::kTcp, MemoryOptions::Manner::kTls}) {
    connect({.manner = manner});
    EXPECT_EQ(say(kGet), answer_with("GET /a "));
    connection_->drain();
    sim_.settle();
    EXPECT_TRUE(has_ended());
  }
}

Task<void> answer_unless_gone(ServerExchange& connection) {
  if (!connection.gone().raised()) co_await answer(connection, "served");
}

TEST_F(ServerConnectionTest, ServesARequestThatArrivesInTheTurnOfTheDrain) {
  handler_.behaviour = answer_unless_gone;
  connect();
  client_->send(kGet);
  connection_->drain();
  sim_.settle();
  EXPECT_EQ(client_->receive(), answer_with("served", false));
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, FinishesARequestThatIsArrivingWhenTheDrainBegins) {
  connect();
  EXPECT_EQ(say(kGet.substr(0, 5)), "");
  connection_->drain();
  EXPECT_EQ(say(kGet.substr(5)), answer_with("GET /a ", false));
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, ServesOneRequestOnAConnectionThatIsNewInADrain) {
  auto [near, far] = memory_pair();
  client_ = std::move(far);
  connection_.emplace(context_, std::move(near));
  connection_->drain_after_this();
  tasks_.start(connection_->serve());
  sim_.settle();
  EXPECT_EQ(say(kGet), answer_with("GET /a ", false));
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

class Writes {
 public:
  Task<void> twice(ServerExchange& connection) {
    const std::string text(100'000, 't');
    Pieces pieces;
    pieces.add(text);
    first = co_await connection.write_raw(pieces);
    Pieces other;
    other.add("something else");
    second = co_await connection.write_raw(other);
  }
  std::optional<Status> first;
  std::optional<Status> second;
};

TEST_F(ServerConnectionTest, WritesAsLongAsTheClientTakesSomething) {
  Writes writes;
  handler_.behaviour = [&](ServerExchange& connection) { return writes.twice(connection); };
  connect({}, {.window_bytes = 1'000});
  std::string received = say(kGet);
  while (received.size() < 100'000) {
    sim_.pass(limits_.write_timeout - milliseconds(1));
    const std::string more = client_->receive();
    ASSERT_NE(more, "");
    received += more;
  }
  sim_.settle();
  EXPECT_EQ(received + client_->receive(), std::string(100'000, 't') + "something else");
  EXPECT_TRUE(writes.first->has_value() && writes.second->has_value());
}

TEST_F(ServerConnectionTest, WritesNothingAfterAWriteThatWasCutOff) {
  Writes writes;
  handler_.behaviour = [&](ServerExchange& connection) { return writes.twice(connection); };
  connect({}, {.window_bytes = 1'000});
  client_->send(kGet);
  sim_.settle();
  sim_.pass(limits_.write_timeout);
  ASSERT_TRUE(writes.first && !*writes.first);
  EXPECT_EQ(writes.first->error().kind, ErrorKind::kRequestTimeout);
  EXPECT_EQ(client_->receive(), std::string(1'000, 't'));
  ASSERT_TRUE(writes.second && !*writes.second);
  EXPECT_EQ(client_->receive(), "");
}

Task<void> release_then_answer(ServerExchange& connection) {
  Result<std::string_view> body = co_await connection.read_body();
  const std::string text(*body);
  connection.release_request();
  EXPECT_EQ(connection.request().version, Version::kHttp11);
  co_await answer(connection, text);
}

TEST_F(ServerConnectionTest, GoesOnAfterARequestWhoseMemoryWasGivenBack) {
  handler_.behaviour = release_then_answer;
  connect();
  const std::string large(30'000, 'l');
  EXPECT_EQ(say(post("/1", "one") + post("/2", large) + post_chunked_head("/3")),
            answer_with("one") + answer_with(large));
  EXPECT_EQ(say("1\r\n3\r\n0\r\n\r\n" + post("/4", "four")),
            answer_with("3") + answer_with("four"));
}

}  // namespace
}  // namespace penstock::http
