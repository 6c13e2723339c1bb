// How an answer is delimited, whatever its handler knows of it.

#include "http/server_exchange.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_connection_fixture.h"

namespace penstock::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nDate: today\r\n";

std::string request(std::string_view method, std::string_view version,
                    std::string_view fields = "") {
  return std::string(method) + " / HTTP/" + std::string(version) + "\r\nHost: h\r\n" +
         std::string(fields) + "\r\n";
}

// Answers in these parts, of which the last is the end unless the answer is broken off.
class InParts {
 public:
  Task<void> operator()(ServerExchange& exchange) {
    const auto last = [&](std::size_t i) {
      return i + 1 == parts.size() && !breaks_off ? Last::kYes : Last::kNo;
    };
    co_await exchange.respond(status, date_field(), length, parts[0], last(0));
    for (std::size_t i = 1; i < parts.size(); ++i) co_await exchange.write(parts[i], last(i));
    body_bytes_sent = exchange.body_bytes_sent();
  }

  int status = 200;
  std::optional<std::uint64_t> length = std::nullopt;
  std::vector<std::string_view> parts;
  bool breaks_off = false;
  std::uint64_t body_bytes_sent = 0;
};

class ServerExchangeTest : public ServerConnectionTest {
 protected:
  // The answer, over a connection of its own.
  std::string ask(std::string_view text) {
    handler_.behaviour = [this](ServerExchange& exchange) { return answer_(exchange); };
    if (client_) client_->reset();
    sim_.settle();
    connect();
    return say(text);
  }
  // Whether the connection takes another request.
  bool goes_on() { return !client_->ended() && !client_->broken(); }

  InParts answer_;
};

TEST_F(ServerExchangeTest, StatesALengthThatIsKnown) {
  answer_.length = 6;
  answer_.parts = {"one", "", "two"};
  EXPECT_EQ(ask(request("GET", "1.1")), std::string(kHead) + "Content-Length: 6\r\n\r\nonetwo");
  EXPECT_TRUE(goes_on());
  EXPECT_EQ(answer_.body_bytes_sent, 6u);
}

TEST_F(ServerExchangeTest, SendsABodyOfUnknownLengthInChunks) {
  answer_.parts = {"", "one", "seventeen letters", ""};
  EXPECT_EQ(ask(request("GET", "1.1")), std::string(kHead) +
                                            "Transfer-Encoding: chunked\r\n\r\n"
                                            "3\r\none\r\n11\r\nseventeen letters\r\n0\r\n\r\n");
  EXPECT_TRUE(goes_on());
  EXPECT_EQ(answer_.body_bytes_sent, 20u);
}

TEST_F(ServerExchangeTest, EndsABodyOfUnknownLengthWithTheConnectionOfAClientThatKnowsNoChunks) {
  answer_.parts = {"one", "two"};
  EXPECT_EQ(ask(request("GET", "1.0", "Connection: keep-alive\r\n")),
            std::string(kHead) + "Connection: close\r\n\r\nonetwo");
  EXPECT_TRUE(client_->ended());
  EXPECT_FALSE(client_->broken());
}

TEST_F(ServerExchangeTest, TellsAnHttp10ClientWhetherItsConnectionGoesOn) {
  answer_.length = 3;
  answer_.parts = {"one"};
  EXPECT_EQ(ask(request("GET", "1.0", "Connection: keep-alive\r\n")),
            std::string(kHead) + "Content-Length: 3\r\nConnection: keep-alive\r\n\r\none");
  EXPECT_TRUE(goes_on());
  EXPECT_EQ(ask(request("GET", "1.0")),
            std::string(kHead) + "Content-Length: 3\r\nConnection: close\r\n\r\none");
  EXPECT_TRUE(client_->ended());
}

TEST_F(ServerExchangeTest, AnswersHeadWithTheSameHeadAndNoBody) {
  answer_.parts = {"one", "two"};
  EXPECT_EQ(ask(request("HEAD", "1.1")), std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_TRUE(goes_on());
  answer_.length = 6;
  EXPECT_EQ(ask(request("HEAD", "1.1")), std::string(kHead) + "Content-Length: 6\r\n\r\n");
  EXPECT_TRUE(goes_on());
  EXPECT_EQ(answer_.body_bytes_sent, 0u);
}

TEST_F(ServerExchangeTest, SendsNeitherBodyNorFramingWithAStatusThatHasNone) {
  answer_.parts = {"ignored"};
  for (const int status : {204, 304}) {
    answer_.status = status;
    EXPECT_THAT(ask(request("GET", "1.1")), EndsWith("\r\nDate: today\r\n\r\n"));
    EXPECT_TRUE(goes_on());
  }
}

TEST_F(ServerExchangeTest, AddsTheDateWhereTheAnswerHasNone) {
  handler_.behaviour = [](ServerExchange& exchange) -> Task<void> {
    FieldBlock fields;
    fields.add("X-Team", "a");
    co_await exchange.respond(299, std::move(fields), Pieces());
  };
  connect();
  EXPECT_THAT(say(kGet),
              ::testing::MatchesRegex("HTTP/1.1 299 \r\nX-Team: a\r\nDate: [^\r]* GMT\r\n"
                                      "Content-Length: 0\r\n\r\n"));
}

// A client must be able to tell it from a whole one.
TEST_F(ServerExchangeTest, CutsOffAnAnswerThatHasNotEnded) {
  answer_.breaks_off = true;
  answer_.parts = {"one"};
  EXPECT_THAT(ask(request("GET", "1.1")), EndsWith("\r\n3\r\none\r\n"));
  EXPECT_TRUE(client_->ended());
  // Only a reset tells it where the connection's end is the body's. It takes place when the stream
  // is destroyed.
  EXPECT_THAT(ask(request("GET", "1.0")), EndsWith("\r\n\r\none"));
  connection_.reset();
  sim_.settle();
  EXPECT_TRUE(client_->broken());
}

TEST_F(ServerExchangeTest, SaysThatTheConnectionClosesWhereItsHandlerWantsThat) {
  handler_.behaviour = [](ServerExchange& exchange) -> Task<void> {
    exchange.end_after_this();
    co_await answer(exchange, "last");
  };
  connect();
  EXPECT_EQ(say(kGet), answer_with("last", false));
  EXPECT_TRUE(client_->ended());
}

TEST_F(ServerExchangeTest, NeverSendsABodyOfAnotherLengthThanItsHeadStates) {
  for (const std::vector<std::string_view>& parts :
       {std::vector<std::string_view>{"1234567"}, {"1234", "567"}, {"12345"}, {"123", ""}}) {
    answer_.length = 6;
    answer_.parts = parts;
    EXPECT_THAT(ask(request("GET", "1.1")), Not(HasSubstr("7")));
    EXPECT_THAT(tasks_.take_exceptions(), HasSubstr("length"));
  }
}

TEST_F(ServerExchangeTest, AnswersARequestOnce) {
  handler_.behaviour = [](ServerExchange& exchange) -> Task<void> {
    co_await answer(exchange, "one");
    co_await answer(exchange, "two");
  };
  connect();
  EXPECT_EQ(say(kGet), answer_with("one"));
  EXPECT_THAT(tasks_.take_exceptions(), HasSubstr("second time"));
  handler_.behaviour = [](ServerExchange& exchange) -> Task<void> {
    co_await answer(exchange, "one");
    co_await exchange.write("two", Last::kYes);
  };
  connect();
  EXPECT_EQ(say(kGet), answer_with("one"));
  EXPECT_THAT(tasks_.take_exceptions(), HasSubstr("without its head"));
}

}  // namespace
}  // namespace penstock::http
