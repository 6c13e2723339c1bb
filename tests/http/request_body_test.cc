// The bodies that a server's connection accepts, and their limits.

#include "http/request_body.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/serializer.h"
#include "http/server_connection_fixture.h"
#include "net/wait.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using testing::MemoryOptions;

class RequestBodyTest : public ServerConnectionTest {};

TEST_F(RequestBodyTest, KeepsWhatFollowsAChunkedBodyThatFilledABlock) {
  connect();
  EXPECT_EQ(say(post_chunked_head("/1")), "");
  // One read brings the rest of the first request, all of the second, whose body ends where its
  // padding no longer fits, and the beginning of the third.
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

TEST_F(RequestBodyTest, TakesBodiesOfEverySizeThatFillABlockOrNot) {
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

TEST_F(RequestBodyTest, KeepsThePlaceThatALargeBodyHasInTheRequestsPage) {
  std::uintptr_t body_place = 0;
  handler_.behaviour = [&](ServerExchange& connection) -> Task<void> {
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

// Reads the body in parts, and answers with all of them.
Task<void> echo_in_parts(ServerExchange& exchange) {
  constexpr std::size_t kPartBytesMax = 7;
  std::string all;
  for (;;) {
    const Result<RequestBody::Part> part = co_await exchange.read_body_part(kPartBytesMax);
    if (!part) all = name_of(part.error().kind);
    if (!part) break;
    EXPECT_LE(part->data.size(), kPartBytesMax);
    EXPECT_TRUE(part->end || !part->data.empty());
    all.append(part->data);
    if (part->end) break;
  }
  EXPECT_EQ(exchange.request().method, "POST") << "the head stays valid";
  co_await answer(exchange, all);
}

TEST_F(RequestBodyTest, InvitesABodyOnlyWhereTheClientWaitsForIt) {
  connect();
  const std::string head =
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(say(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(say("ab"), answer_with("POST /e ab"));
  EXPECT_EQ(say(head + "cd"), answer_with("POST /e cd"));
  const std::string chunked =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(say(chunked), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(say("2\r\nef\r\n0\r\n\r\n"), answer_with("POST /c ef"));
}

TEST_F(RequestBodyTest, InvitesABodyThatIsReadInParts) {
  handler_.behaviour = echo_in_parts;
  connect();
  for (const std::string_view framing : {"Content-Length: 2", "Transfer-Encoding: chunked"}) {
    const std::string head = "POST /e HTTP/1.1\r\nHost: h\r\n" + std::string(framing) +
                             "\r\nExpect: 100-continue\r\n\r\n";
    EXPECT_EQ(say(head), "HTTP/1.1 100 Continue\r\n\r\n");
    const bool is_chunked = framing.starts_with("Transfer");
    EXPECT_EQ(say(is_chunked ? "2\r\nab\r\n0\r\n\r\n" : "ab"), answer_with("ab"));
  }
}

TEST_F(RequestBodyTest, GivesABodyTimeBetweenItsPieces) {
  limits_.body_bytes_per_second = 0;
  connect();
  EXPECT_EQ(say(post("/b", "1234").substr(0, post("/b", "1234").size() - 3)), "");
  sim_.pass(limits_.body_timeout - milliseconds(1));
  EXPECT_EQ(say("2"), "");
  sim_.pass(limits_.body_timeout - milliseconds(1));
  EXPECT_EQ(say("3"), "");
  sim_.pass(limits_.body_timeout);
  EXPECT_EQ(client_->receive(), answer_with("POST /b request_timeout", false));
}

TEST_F(RequestBodyTest, GivesABodyInPartsHoweverItIsCut) {
  handler_.behaviour = echo_in_parts;
  const std::string text = "a body of more than one part";
  const std::string chunked = post_chunked_head("/c") + "3\r\na b\r\n0019;x=y\r\n" +
                              text.substr(3) + "\r\n0\r\nT: t\r\n\r\n";
  for (const std::string& request : {post("/l", text), chunked, post("/none", "")}) {
    const std::string expected = answer_with(request.starts_with("POST /none") ? "" : text);
    // Nothing of the request after it is lost either.
    const std::string two = request + post("/next", "more");
    for (std::size_t cut = 0; cut <= two.size(); ++cut) {
      connect();
      const std::string first = say(std::string_view(two).substr(0, cut));
      EXPECT_EQ(first + say(std::string_view(two).substr(cut)), expected + answer_with("more"));
      client_->end_writing();
      sim_.settle();
    }
  }
}

TEST_F(RequestBodyTest, ReadsNoPartBeforeItIsAskedFor) {
  net::Signal wanted;
  handler_.behaviour = [&](ServerExchange& exchange) -> Task<void> {
    std::size_t bytes = 0;
    for (;;) {
      co_await net::wait_any(exchange.loop(), nullptr, wanted);
      wanted.lower();
      const Result<RequestBody::Part> part = co_await exchange.read_body_part(1'000'000);
      bytes += part->data.size();
      if (part->end) break;
    }
    co_await answer(exchange, std::to_string(bytes));
  };
  const std::string request = post("/b", std::string(300'000, 'b'));
  connect({.window_bytes = 1'000});
  std::string_view rest = request;
  // As much as is taken without anybody asking for it.
  const auto send_what_goes = [&] {
    const std::size_t before = rest.size();
    while (const std::size_t taken = client_->send(rest)) {
      rest.remove_prefix(taken);
      sim_.settle();
    }
    return before - rest.size();
  };
  EXPECT_LT(send_what_goes(), 20'000u);
  while (!rest.empty()) {
    EXPECT_EQ(send_what_goes(), 0u);
    wanted.raise();
    sim_.settle();
    ASSERT_LE(send_what_goes(), 20'000u);
  }
  for (int parts = 0; parts < 3; ++parts) {
    wanted.raise();
    sim_.settle();
  }
  EXPECT_EQ(client_->receive(), answer_with("300000"));
}

TEST_F(RequestBodyTest, BoundsABodyInPartsLikeAWholeOne) {
  handler_.behaviour = echo_in_parts;
  limits_.body_bytes = 10;
  const std::string chunk = "a\r\n0123456789\r\n";
  connect();
  EXPECT_EQ(say(post("/l", "0123456789")), answer_with("0123456789"));
  EXPECT_EQ(say(post_chunked_head("/c") + chunk + "0\r\n\r\n"), answer_with("0123456789"));
  EXPECT_EQ(say(post("/l", "0123456789a")), answer_with("body_too_large"));
  EXPECT_EQ(say(post_chunked_head("/c") + chunk + "1\r\na"), answer_with("body_too_large", false));
}

TEST_F(RequestBodyTest, TakesNoRequestAfterABodyOfWhichOnlyAPartWasRead) {
  handler_.behaviour = [](ServerExchange& exchange) -> Task<void> {
    const Result<RequestBody::Part> part = co_await exchange.read_body_part(2);
    const std::string read(part->data);
    co_await answer(exchange, read);
  };
  connect();
  // What has arrived can be skipped; what has not cannot.
  EXPECT_EQ(say(post("/a", "abcd") + post("/b", "efgh")), answer_with("ab") + answer_with("ef"));
  EXPECT_EQ(say(post("/c", "ijkl").substr(0, post("/c", "ijkl").size() - 1)),
            answer_with("ij", false));
}

Task<void> tell_limit_of_body(ServerExchange& connection) {
  const Result<std::string_view> body = co_await connection.read_body();
  std::string_view outcome = "whole";
  if (!body && body.error().limit) outcome = name_of(*body.error().limit);
  co_await answer(connection, outcome);
}

// reported-failures 1.7
TEST_F(RequestBodyTest, WantsALeastRateOfABody) {
  handler_.behaviour = tell_limit_of_body;
  limits_.body_bytes_per_second = 100;
  for (const bool fast_enough : {true, false}) {
    connect();
    const std::string body(6'000, 'b');
    EXPECT_EQ(say(post("/b", body).substr(0, post("/b", body).size() - 6'000)), "");
    std::size_t sent = 0;
    // The first body_timeout is free. After that, on average: 100 bytes a second, or 90.
    sim_.pass(limits_.body_timeout - seconds(1));
    std::string answered;
    while (sent < body.size() && answered.empty()) {
      const std::size_t piece = std::min<std::size_t>(fast_enough ? 100 : 90, body.size() - sent);
      answered = say(body.substr(0, piece));
      sent += piece;
      if (answered.empty()) sim_.pass(seconds(1));
      answered += client_->receive();
    }
    if (fast_enough) {
      EXPECT_EQ(answered, answer_with("whole"));
    } else {
      EXPECT_EQ(answered, answer_with("client_body_rate", false));
    }
    client_->end_writing();
    sim_.settle();
  }
}

// reported-failures 1.7
TEST_F(RequestBodyTest, DoesNotWaitForABodyThatComesByteByByte) {
  handler_.behaviour = tell_limit_of_body;
  for (const std::string& head :
       {post("/b", std::string(900, 'b')).substr(0, post("/b", std::string(900, 'b')).size() - 900),
        post_chunked_head("/c") + "384\r\n"}) {
    for (const seconds pause : {seconds(1), seconds(29)}) {
      connect();
      EXPECT_EQ(say(head), "");
      std::string answered;
      seconds passed{0};
      while (answered.empty() && passed < seconds(100)) {
        sim_.pass(pause);
        passed += pause;
        answered = client_->receive() + say("b");
      }
      EXPECT_EQ(answered, answer_with("client_body_rate", false));
      EXPECT_LE(passed, limits_.body_timeout + pause);
      client_->end_writing();
      sim_.settle();
    }
  }
}

// reported-failures 1.8
TEST_F(RequestBodyTest, HoldsNoMoreThanTheBytesOfAllBodies) {
  handler_.behaviour = [](ServerExchange& connection) -> Task<void> {
    const Result<std::string_view> body = co_await connection.read_body();
    const std::string_view outcome = body ? "whole" : name_of(body.error().kind);
    co_await answer(connection, outcome);
  };
  constexpr std::size_t kAll = 1024 * 1024;
  limits_.body_bytes = 2 * kAll;
  const MemoryOptions wide{.window_bytes = 4 * kAll};
  connect(wide);
  EXPECT_EQ(say(post("/all", std::string(kAll, 'b'))), answer_with("whole"));
  EXPECT_EQ(bodies_.held_bytes(), 0u);
  EXPECT_EQ(say(post("/more", std::string(kAll + 1, 'b'))), answer_with("overloaded", false));
  EXPECT_EQ(bodies_.held_bytes(), 0u);
  client_->end_writing();
  sim_.settle();

  // Another body holds a part; a body in a block with its head is not counted.
  BodyBudget::Share other(bodies_);
  EXPECT_TRUE(other.take(kAll - 50'000));
  connect(wide);
  EXPECT_EQ(say(post("/fits", std::string(50'000, 'b'))), answer_with("whole"));
  EXPECT_EQ(say(post("/small", std::string(1'000, 'b'))), answer_with("whole"));
  std::string chunk;
  append_chunk_header(chunk, 60'000);
  EXPECT_EQ(say(post_chunked_head("/c") + chunk + std::string(60'000, 'b') + "\r\n0\r\n\r\n"),
            answer_with("overloaded", false));
  EXPECT_EQ(bodies_.held_bytes(), kAll - 50'000);
}

TEST_F(RequestBodyTest, TakesABodyOfExactlyTheLimitThatDoesNotComeWithItsHead) {
  for (const std::size_t limit : {std::size_t{10}, std::size_t{50'000}}) {
    limits_.body_bytes = limit;
    connect();
    const std::string body(limit, 'b');
    const std::string request = post("/b", body);
    EXPECT_EQ(say(request.substr(0, request.size() - limit)), "");
    EXPECT_EQ(say(body), answer_with("POST /b " + body));
    const std::string larger = post("/b", body + "b");
    EXPECT_EQ(say(larger.substr(0, larger.size() - limit - 1)),
              answer_with("POST /b body_too_large", false));
    client_->end_writing();
    sim_.settle();
  }
}

TEST_F(RequestBodyTest, DoesNotInviteABodyOfWhichBytesHaveCome) {
  connect();
  EXPECT_EQ(say("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\na"),
            "");
  EXPECT_EQ(say("b"), answer_with("POST /e ab"));
  EXPECT_EQ(say("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                "Expect: 100-continue\r\n\r\n2"),
            "");
  EXPECT_EQ(say("\r\nab\r\n0\r\n\r\n"), answer_with("POST /c ab"));
}

TEST_F(RequestBodyTest, TellsTheHandlerThatABodyIsTooLarge) {
  limits_.body_bytes = 10;
  connect();
  EXPECT_EQ(say(post("/b", "12345678901")), answer_with("POST /b body_too_large"));
  EXPECT_EQ(say(post_chunked_head("/c") + "6\r\nabcdef\r\n5\r\nghijk\r\n"),
            answer_with("POST /c body_too_large", false));
}

TEST_F(RequestBodyTest, SkipsABodyThatArrivedAndThatNobodyRead) {
  handler_.behaviour = answer_early;
  connect();
  EXPECT_EQ(say(post("/b", "GET /x HTTP/1.1\r\n\r\n") + std::string(kGet)),
            answer_with("early") + answer_with("early"));
  EXPECT_EQ(handler_.handled, 2);
}

TEST_F(RequestBodyTest, LeavesOthersTheirTurnWhileALargeBodyArrives) {
  connect({.read_bytes_max = 16});
  client_->send(post("/b", std::string(50'000, 'b')));
  for (int turns = 0; turns < 10; ++turns) sim_.loop().run_once(milliseconds(0));
  EXPECT_EQ(client_->receive(), "") << "the whole body was read in a few turns";
  sim_.settle();
  EXPECT_THAT(client_->receive(), EndsWith("bbb"));
}

}  // namespace
}  // namespace penstock::http
