#include "wire/apis/error_event.h"

#include <gtest/gtest.h>

#include <string_view>

namespace penstock::wire {
namespace {

TEST(EventData, IsTheDataLinesJoinedWhateverTheLineEnds) {
  EXPECT_EQ(event_data("data: {\"a\":1}\n\n"), "{\"a\":1}");
  EXPECT_EQ(event_data("event: error\r\nid: 1\r\ndata:x\r\n\r\n"), "x");
  EXPECT_EQ(event_data("data:  a\r: data: b\rdata: c\r\r"), " a\nc");
  EXPECT_EQ(event_data("data: a"), "a");
  EXPECT_EQ(event_data("data: a\ndata\ndatabase: b\ndata:c\n\n"), "a\n\nc");
  EXPECT_EQ(event_data("event: error\n\n"), "");
  EXPECT_EQ(event_data(""), "");
}

TEST(StatusOfError, IsTheOneThatTheErrorStates) {
  for (const std::string_view text :
       {R"({"error":{"message":"x","code":429}})", R"({"error":{"code":"429"}})",
        R"({"error":{"status":429,"type":"server_error"}})", R"({"error":"x","status_code":429})",
        R"({"error":{"code":"rate_limit_exceeded"},"status":429})",
        R"({"object":"error","message":"x","type":"BadRequestError","code":429})"}) {
    EXPECT_EQ(status_of_error(text), 429) << text;
  }
}

TEST(StatusOfError, IsThatOfItsTypeOrCodeWhereNoneIsStated) {
  EXPECT_EQ(status_of_error(R"({"type":"error","error":{"type":"overloaded_error"}})"), 503);
  EXPECT_EQ(status_of_error(R"({"error":{"type":"x","code":"invalid_api_key"}})"), 401);
  EXPECT_EQ(status_of_error(R"({"object":"error","type":"NotFoundError","code":null})"), 404);
}

TEST(StatusOfError, IsThatOfABadGatewayWhereNothingIsKnown) {
  for (const std::string_view text :
       {"", "boom", "[429]", "{", R"({"error":"x"})", R"({"error":{"code":200}})",
        R"({"error":{"code":399}})", R"({"error":{"code":600}})", R"({"error":{"code":429.5}})",
        R"({"error":{"code":[429]}})", R"({"error":{"code":" 429"}})", R"({"code":-429})"}) {
    EXPECT_EQ(status_of_error(text), 502) << text;
  }
}

}  // namespace
}  // namespace penstock::wire
