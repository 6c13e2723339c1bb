// How a server's connection ends after its last answer.

#include <stdexcept>
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
using ::testing::ElementsAre;
using ::testing::EndsWith;

class LastAnswerTest : public ServerConnectionTest {};

TEST_F(LastAnswerTest, LetsAnEarlyAnswerArriveAlthoughTheClientIsStillSending) {
  handler_.behaviour = answer_early;
  connect();
  const std::string request = post("/b", std::string(100'000, 'b'));
  EXPECT_EQ(say(request.substr(0, 1'000)), answer_with("early", false));
  EXPECT_TRUE(client_->ended());
  EXPECT_EQ(say(request.substr(1'000, 50'000)), "");
  EXPECT_FALSE(client_->broken());
  sim_.pass(limits_.linger_timeout - milliseconds(1));
  EXPECT_FALSE(has_ended());
  sim_.pass(milliseconds(1));
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(handler_.limits_hit.empty()) << "a client that is silent hits no limit";
}

// reported-failures 5.4
TEST_F(LastAnswerTest, ThrowsAwayTheRestOfARefusedBodyUpToItsBytes) {
  handler_.behaviour = answer_early;
  limits_.discarded_bytes = 100'000;
  const std::string head = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n";
  connect();
  EXPECT_EQ(say(head), answer_with("early", false));
  EXPECT_EQ(say(std::string(60'000, 'b')), "");
  EXPECT_EQ(say(std::string(39'999, 'b')), "");
  EXPECT_FALSE(has_ended());
  EXPECT_TRUE(handler_.limits_hit.empty());
  client_->send("b");
  sim_.settle();
  EXPECT_TRUE(has_ended());
  EXPECT_THAT(handler_.limits_hit, ElementsAre(Limit::kDiscardedBytes));
}

TEST_F(LastAnswerTest, ThrowsAwayTheRestOfARefusedBodyUpToItsTime) {
  handler_.behaviour = answer_early;
  limits_.discard_timeout = seconds(12);
  connect();
  EXPECT_EQ(say("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n"),
            answer_with("early", false));
  for (int i = 0; i < 3; ++i) {
    sim_.pass(seconds(4) - milliseconds(1));
    EXPECT_FALSE(has_ended());
    EXPECT_EQ(say("b"), "");
  }
  sim_.pass(milliseconds(2));
  EXPECT_FALSE(has_ended());
  sim_.pass(milliseconds(1));
  EXPECT_TRUE(has_ended());
  EXPECT_THAT(handler_.limits_hit, ElementsAre(Limit::kDiscardTimeout));
}

TEST_F(LastAnswerTest, ThrowsAwayWhatIsLeftOfABodyThatIsTooLarge) {
  limits_.body_bytes = 10;
  connect();
  const std::string request = post("/b", std::string(200'000, 'b'));
  EXPECT_EQ(say(request.substr(0, 1'000)), answer_with("POST /b body_too_large", false));
  for (std::size_t at = 1'000; at < request.size(); at += 50'000) {
    EXPECT_EQ(say(request.substr(at, 50'000)), "");
    EXPECT_FALSE(client_->broken());
  }
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

TEST_F(LastAnswerTest, DoesNotLoseItsLastAnswerToRequestsThatFollowIt) {
  connect();
  const std::string last = "GET /l HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(say(last + std::string(kGet)), answer_with("GET /l ", false));
  EXPECT_TRUE(client_->ended());
  EXPECT_EQ(say(kGet), "");
  EXPECT_FALSE(client_->broken());
  EXPECT_FALSE(has_ended());
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(handler_.handled, 1);
}

TEST_F(LastAnswerTest, ResetsAnAnswerThatAnExceptionBrokeOff) {
  handler_.behaviour = [](ServerExchange& connection) -> Task<void> {
    const Status written = co_await connection.respond(200, date_field(), 100, "half of it",
                                                       ServerExchange::Last::kNo);
    if (written) throw std::runtime_error("a fault");
  };
  connect();
  client_->send(kGet);
  // The reset takes place when the stream is destroyed.
  sim_.settle();
  EXPECT_EQ(tasks_.take_exceptions(), "a fault");
  connection_.reset();
  sim_.settle();
  EXPECT_TRUE(client_->broken());
}

TEST_F(LastAnswerTest, CutsAnAnswerThatTheHandlerLeftUnfinished) {
  handler_.behaviour = [](ServerExchange& connection) -> Task<void> {
    co_await connection.respond(200, date_field(), 100, "half", ServerExchange::Last::kNo);
  };
  connect();
  EXPECT_THAT(say(kGet), EndsWith("half"));
  EXPECT_TRUE(client_->ended());
  client_->end_writing();
  sim_.settle();
  EXPECT_TRUE(has_ended());
}

}  // namespace
}  // namespace penstock::http
