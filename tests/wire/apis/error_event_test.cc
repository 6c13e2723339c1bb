#include "wire/apis/error_event.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "wire/apis/error_answer.h"

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

struct Named {
  std::string_view error;
  int status;
};

// https://docs.anthropic.com/en/api/errors
TEST(StatusOfError, IsThatOfAnthropicsType) {
  for (const auto& [type, status] : {Named{"invalid_request_error", 400},
                                     {"authentication_error", 401},
                                     {"billing_error", 402},
                                     {"permission_error", 403},
                                     {"not_found_error", 404},
                                     {"conflict_error", 409},
                                     {"request_too_large", 413},
                                     {"rate_limit_error", 429},
                                     {"api_error", 500},
                                     {"timeout_error", 504},
                                     {"overloaded_error", 529}}) {
    const std::string error =
        R"({"type":"error","error":{"type":")" + std::string(type) + R"(","message":"x"}})";
    EXPECT_EQ(status_of_error(error), status) << error;
    EXPECT_EQ(anthropic_type_of(status), type);
  }
}

// https://platform.openai.com/docs/guides/error-codes
TEST(StatusOfError, IsThatOfOpenAisCodeOrElseOfItsType) {
  for (const auto& [error, status] :
       {Named{R"("type":"invalid_request_error","code":null)", 400},
        {R"("type":"invalid_request_error","code":"context_length_exceeded")", 400},
        {R"("type":"invalid_request_error","code":"invalid_api_key")", 401},
        {R"("type":"request_forbidden","code":"unsupported_country_region_territory")", 403},
        {R"("type":"invalid_request_error","code":"model_not_found")", 404},
        {R"("type":"tokens","code":"rate_limit_exceeded")", 429},
        {R"("type":"requests","code":null)", 429},
        {R"("type":"rate_limit_error","code":"slow_down")", 429},
        {R"("type":"insufficient_quota","code":"insufficient_quota")", 429},
        {R"("type":"insufficient_quota","code":"credit_balance_exhausted")", 429},
        {R"("type":"server_error","code":null)", 500},
        {R"("type":"service_unavailable_error","code":"server_is_overloaded")", 503},
        {R"("type":"x","code":"invalid_api_key")", 401}}) {
    EXPECT_EQ(status_of_error("{\"error\":{" + std::string(error) + "}}"), status) << error;
  }
}

// https://platform.openai.com/docs/api-reference/responses-streaming/error
TEST(StatusOfError, IsThatOfTheCodeWhereTheEventIsTheError) {
  for (const auto& [code, status] : {Named{"server_error", 500},
                                     {"rate_limit_exceeded", 429},
                                     {"invalid_prompt", 400},
                                     {"vector_store_timeout", 504},
                                     {"invalid_image_format", 400}}) {
    const std::string error =
        R"({"type":"error","code":")" + std::string(code) + R"(","message":"x","param":null})";
    EXPECT_EQ(status_of_error(error), status) << error;
  }
}

// https://platform.openai.com/docs/api-reference/responses-streaming/response/failed
TEST(StatusOfError, IsThatOfTheErrorWithinAResponseThatFailed) {
  for (const auto& [code, status] :
       {Named{"server_error", 500}, {"rate_limit_exceeded", 429}, {"invalid_prompt", 400}}) {
    const std::string failed =
        R"({"type":"response.failed","sequence_number":1,"response":{"id":"resp_1","object":)"
        R"("response","status":"failed","error":{"code":")" +
        std::string(code) + R"(","message":"x"},"metadata":{"code":"451"}}})";
    EXPECT_EQ(status_of_error(failed), status) << failed;
  }
  EXPECT_EQ(status_of_error(R"({"type":"response.failed","response":{"error":null}})"), 502);
  EXPECT_EQ(status_of_error(R"({"type":"response.failed","response":"x"})"), 502);
}

TEST(StatusOfError, IsThatOfTheExceptionThatAPythonServerNames) {
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
