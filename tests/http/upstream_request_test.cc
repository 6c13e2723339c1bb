// How a request to an upstream is delimited.

#include <optional>
#include <stdexcept>
#include <string_view>

#include <gtest/gtest.h>

#include "http/upstream_connection_fixture.h"

namespace penstock::http {
namespace {

class UpstreamRequestTest : public UpstreamConnectionTest {};

TEST_F(UpstreamRequestTest, StatesALengthOnlyWhereTheMethodOrTheBodyAsksForOne) {
  connect();
  send();
  EXPECT_EQ(upstream_->receive(), "GET /t HTTP/1.1\r\nHost: u\r\n\r\n");
  connect();
  send("two");
  EXPECT_EQ(upstream_->receive(), head_of_post(3) + "two");
  connect();
  const RequestToSend post = request("POST");
  tasks_.start(connection_->send(post, Pieces(), in(seconds(10)), cancel_), sent_);
  sim_.settle();
  EXPECT_EQ(upstream_->receive(), head_of_post(0));
}

TEST_F(UpstreamRequestTest, SendsABodyInPartsInTheFramingThatItsLengthAllows) {
  connect();
  send_part(6, "one", Last::kNo);
  write_part("", Last::kNo);
  EXPECT_FALSE(connection_->reusable());
  write_part("two", Last::kYes);
  EXPECT_TRUE(sent_ && *sent_);
  EXPECT_EQ(upstream_->receive(), head_of_post(6) + "onetwo");
  connect();
  send_part(std::nullopt, "", Last::kNo);
  write_part("one", Last::kNo);
  write_part("seventeen letters", Last::kYes);
  EXPECT_TRUE(sent_ && *sent_);
  EXPECT_EQ(upstream_->receive(),
            "POST /t HTTP/1.1\r\nHost: u\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\none\r\n11\r\nseventeen letters\r\n0\r\n\r\n");
  upstream_->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ask_for_head();
  EXPECT_EQ(read_all().data, "ok");
  EXPECT_TRUE(connection_->reusable());
}

TEST_F(UpstreamRequestTest, DoesNotReuseAConnectionWhoseRequestWasNotSentToItsEnd) {
  connect();
  send_part(std::nullopt, "one", Last::kNo);
  upstream_->send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  ask_for_head();
  EXPECT_TRUE(connection_->has_answer());
  upstream_->receive();
  write_part("two", Last::kYes);
  EXPECT_TRUE(sent_ && *sent_);
  EXPECT_EQ(upstream_->receive(), "") << "the rest is not needed";
  EXPECT_EQ(read_all().data, "no");
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(UpstreamRequestTest, NeverSendsABodyOfAnotherLengthThanItsHeadStates) {
  connect();
  const RequestToSend post = request("POST");
  const auto send = [&](std::string_view part, Last last) {
    return connection_->send(post, 3, part, last, in(seconds(10)), cancel_).is_ready();
  };
  EXPECT_THROW(send("four", Last::kNo), std::logic_error);
  EXPECT_THROW(send("2", Last::kYes), std::logic_error);
  EXPECT_EQ(upstream_->receive(), "");
}

}  // namespace
}  // namespace penstock::http
