#include "http/server_connection.h"

#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/serializer.h"
#include "net/wait.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::memory_pair;
using testing::MemoryOptions;
using testing::MemoryStream;
using testing::SimulatedLoop;
using ::testing::StartsWith;
using testing::Tasks;

std::string answer_with(std::string_view body, bool keep_alive = true) {
  std::string text = "HTTP/1.1 200 OK\r\n";
  append_content_length(text, body.size());
  if (!keep_alive) text += "Connection: close\r\n";
  return text + "\r\n" + std::string(body);
}

Task<Status> answer(ServerConnection& connection, std::string_view body) {
  const std::string text = answer_with(body, connection.keep_alive());
  Pieces pieces;
  pieces.add(text);
  Status written = co_await connection.write(pieces);
  if (written) connection.answered();
  co_return written;
}

// Reads the body and answers with method, target and body, so that a test sees what was understood.
Task<void> echo(ServerConnection& connection) {
  std::string text(connection.request().method);
  text.append(" ").append(connection.request().target).append(" ");
  Result<std::string_view> body = co_await connection.read_body();
  text.append(body ? *body : name_of(body.error().kind));
  // The padding is there to be read.
  if (body) {
    const char* const end = body->data() + body->size();
    const volatile int sum = std::accumulate(end, end + ServerConnection::kBodyPadding, 0);
    (void)sum;
  }
  co_await answer(connection, text);
}

class TestHandler final : public Handler {
 public:
  Task<void> handle(ServerConnection& connection) override {
    ++handled;
    co_await behaviour(connection);
  }
  std::string refuse(const Error& error) override { return "refused: " + error.message; }

  std::function<Task<void>(ServerConnection&)> behaviour = echo;
  int handled = 0;
};

class ServerConnectionTest : public ::testing::Test {
 protected:
  ~ServerConnectionTest() override {
    if (client_) client_->reset();
    sim_.pass(std::chrono::hours(1));
    EXPECT_EQ(tasks_.running(), 0u) << "a connection never ends";
    EXPECT_EQ(tasks_.exceptions(), "");
  }

  void connect(const MemoryOptions& options = {}, const MemoryOptions& client_options = {}) {
    auto [near, far] = memory_pair(options, client_options);
    client_ = std::move(far);
    connection_.emplace(sim_.loop(), std::move(near), scratch_, limits_, handler_);
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

  SimulatedLoop sim_;
  ScratchPool scratch_;
  ServerLimits limits_;
  TestHandler handler_;
  std::unique_ptr<MemoryStream> client_;
  std::optional<ServerConnection> connection_;
  Tasks tasks_{sim_.loop()};
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(std::string_view target, std::string_view body) {
  std::string text = "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n";
  append_content_length(text, body.size());
  return text + "\r\n" + std::string(body);
}

std::string post_chunked_head(std::string_view target) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
}

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

TEST_F(ServerConnectionTest, KeepsWhatFollowsAChunkedBodyThatFilledABlock) {
  connect();
  EXPECT_EQ(say(post_chunked_head("/1")), "");
  // One read brings the rest of the first request, all of the second, whose body ends where its
  // padding does not fit any more, and the beginning of the third.
  const std::string first_end = "3\r\nabc\r\n0\r\n\r\n";
  std::string rest = first_end;
  const std::size_t second_bytes = ScratchPool::kBlockBytes - first_end.size() - 10;
  std::size_t body_bytes = second_bytes - post("/2", std::string(10'000, 'b')).size() + 10'000;
  const std::string second = post("/2", std::string(body_bytes, 'b'));
  ASSERT_EQ(second.size(), second_bytes);
  rest += second;
  rest += kGet;
  EXPECT_EQ(say(rest), answer_with("POST /1 abc") +
                           answer_with("POST /2 " + std::string(body_bytes, 'b')) +
                           answer_with("GET /a "));
}

TEST_F(ServerConnectionTest, GivesEveryBodyReadablePadding) {
  // echo() reads it; an address sanitizer tells where it is missing.
  connect();
  EXPECT_EQ(say("POST /none HTTP/1.1\r\nHost: h\r\n\r\n"), answer_with("POST /none "));
  EXPECT_EQ(say(post("/empty", "")), answer_with("POST /empty "));
  for (const std::size_t bytes : {1u, 16'200u, 16'320u, 16'384u, 40'000u}) {
    const std::string body(bytes, 'x');
    EXPECT_EQ(say(post("/length", body)), answer_with("POST /length " + body));
    std::string chunk;
    append_chunk_header(chunk, bytes);
    EXPECT_EQ(say(post_chunked_head("/chunks") + chunk + body + "\r\n0\r\n\r\n"),
              answer_with("POST /chunks " + body));
  }
}

TEST_F(ServerConnectionTest, KeepsThePlaceThatALargeBodyHasInTheRequestsPage) {
  std::uintptr_t body_place = 0;
  handler_.behaviour = [&](ServerConnection& connection) -> Task<void> {
    const Result<std::string_view> body = co_await connection.read_body();
    if (body) body_place = reinterpret_cast<std::uintptr_t>(body->data());
    co_await answer(connection, "read");
  };
  connect();
  for (const std::size_t target_bytes : {1u, 15u, 16u, 100u, 5'000u}) {
    const std::string request =
        post("/" + std::string(target_bytes, 't'), std::string(40'000, 'b'));
    EXPECT_EQ(say(request), answer_with("read"));
    const std::size_t head_bytes = request.size() - 40'000;
    EXPECT_EQ(body_place % 4096, head_bytes % 4096);
  }
}

TEST_F(ServerConnectionTest, TakesAHeadLargerThanABlockAndRefusesOneOverTheLimit) {
  connect();
  const std::string field = "X-Long: " + std::string(20'000, 'l') + "\r\n";
  const std::string large = "GET /large HTTP/1.1\r\nHost: h\r\n" + field + "\r\n";
  // Behind a small one, so that the large one does not begin at the block's front.
  EXPECT_EQ(say(std::string(kGet) + large + post("/b", "after")),
            answer_with("GET /a ") + answer_with("GET /large ") + answer_with("POST /b after"));
  EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: h\r\n" + field + field), StartsWith("refused: "));
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, InvitesABodyOnlyWhereTheClientWaitsForIt) {
  connect();
  const std::string head =
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(say(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(say("ab"), answer_with("POST /e ab"));
  EXPECT_EQ(say(head + "cd"), answer_with("POST /e cd"));
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
  EXPECT_EQ(client_->receive(), "refused: the request took too long to arrive");
  EXPECT_TRUE(client_->ended());
}

TEST_F(ServerConnectionTest, GivesABodyTimeBetweenItsPieces) {
  connect();
  EXPECT_EQ(say(post("/b", "1234").substr(0, post("/b", "1234").size() - 3)), "");
  sim_.pass(limits_.body_timeout - milliseconds(1));
  EXPECT_EQ(say("2"), "");
  sim_.pass(limits_.body_timeout - milliseconds(1));
  EXPECT_EQ(say("3"), "");
  sim_.pass(limits_.body_timeout);
  EXPECT_EQ(client_->receive(), answer_with("POST /b request_timeout", false));
}

TEST_F(ServerConnectionTest, TellsTheHandlerThatABodyIsTooLarge) {
  limits_.body_bytes = 10;
  connect();
  EXPECT_EQ(say(post("/b", "12345678901")), answer_with("POST /b body_too_large"));
  EXPECT_EQ(say(post_chunked_head("/c") + "6\r\nabcdef\r\n5\r\nghijk\r\n"),
            answer_with("POST /c body_too_large", false));
}

Task<void> answer_early(ServerConnection& connection) {
  co_await answer(connection, "early");
}

TEST_F(ServerConnectionTest, LetsAnEarlyAnswerArriveAlthoughTheClientIsStillSending) {
  handler_.behaviour = answer_early;
  connect();
  const std::string request = post("/b", std::string(100'000, 'b'));
  EXPECT_EQ(say(request.substr(0, 1'000)), answer_with("early", false));
  EXPECT_TRUE(client_->ended());
  EXPECT_EQ(say(request.substr(1'000, 50'000)), "");
  EXPECT_FALSE(client_->broken());
  sim_.pass(seconds(2));
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, SkipsABodyThatArrivedAndThatNobodyRead) {
  handler_.behaviour = answer_early;
  connect();
  EXPECT_EQ(say(post("/b", "GET /x HTTP/1.1\r\n\r\n") + std::string(kGet)),
            answer_with("early") + answer_with("early"));
  EXPECT_EQ(handler_.handled, 2);
}

Task<void> wait_until_gone(ServerConnection& connection) {
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

Task<void> answer_unless_gone(ServerConnection& connection) {
  if (!connection.gone().raised()) co_await answer(connection, "served");
}

TEST_F(ServerConnectionTest, ServesARequestThatArrivesInTheTurnOfTheDrain) {
  handler_.behaviour = answer_unless_gone;
  connect();
  client_->send(kGet);
  connection_->drain();
  sim_.settle();
  EXPECT_EQ(client_->receive(), answer_with("served", false));
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, FinishesARequestThatIsArrivingWhenTheDrainBegins) {
  connect();
  EXPECT_EQ(say(kGet.substr(0, 5)), "");
  connection_->drain();
  EXPECT_EQ(say(kGet.substr(5)), answer_with("GET /a ", false));
  EXPECT_TRUE(has_ended());
}

TEST_F(ServerConnectionTest, ServesOneRequestOnAConnectionThatIsNewInADrain) {
  auto [near, far] = memory_pair();
  client_ = std::move(far);
  connection_.emplace(sim_.loop(), std::move(near), scratch_, limits_, handler_);
  connection_->drain_after_this();
  tasks_.start(connection_->serve());
  sim_.settle();
  EXPECT_EQ(say(kGet), answer_with("GET /a ", false));
  EXPECT_TRUE(has_ended());
}

class Writes {
 public:
  Task<void> twice(ServerConnection& connection) {
    const std::string text(100'000, 't');
    Pieces pieces;
    pieces.add(text);
    first = co_await connection.write(pieces);
    Pieces other;
    other.add("something else");
    second = co_await connection.write(other);
  }
  std::optional<Status> first;
  std::optional<Status> second;
};

TEST_F(ServerConnectionTest, WritesAsLongAsTheClientTakesSomething) {
  Writes writes;
  handler_.behaviour = [&](ServerConnection& connection) { return writes.twice(connection); };
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

TEST_F(ServerConnectionTest, WritesNothingBehindAWriteThatWasCutOff) {
  Writes writes;
  handler_.behaviour = [&](ServerConnection& connection) { return writes.twice(connection); };
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

Task<void> release_then_answer(ServerConnection& connection) {
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

TEST_F(ServerConnectionTest, LeavesOthersTheirTurnWhileALargeBodyArrives) {
  connect({.read_bytes_max = 16});
  client_->send(post("/b", std::string(50'000, 'b')));
  for (int turns = 0; turns < 10; ++turns) sim_.loop().run_once(milliseconds(0));
  EXPECT_EQ(client_->receive(), "") << "the whole body was read in a few turns";
  sim_.settle();
  EXPECT_THAT(client_->receive(), EndsWith("bbb"));
}

TEST_F(ServerConnectionTest, CutsAnAnswerThatTheHandlerLeftUnfinished) {
  handler_.behaviour = [](ServerConnection& connection) -> Task<void> {
    Pieces pieces;
    pieces.add("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    co_await connection.write(pieces);
  };
  connect();
  EXPECT_THAT(say(kGet), EndsWith("half"));
  EXPECT_TRUE(has_ended());
}

}  // namespace
}  // namespace penstock::http
