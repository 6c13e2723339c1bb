// Errors and ends as each API has them: the route of chat completions is one of another API.

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kCreated =
    "event: response.created\n"
    R"(data: {"type":"response.created","sequence_number":4,"response":{"model":"m"}})"
    "\n\n";

class ApiTest : public SimulatedGateway {
 protected:
  void begin(wire::Api api) {
    start();
    change_route("/v1/chat/completions", [api](Route& route) { route.api = api; });
  }
  bool is_cut() { return client->receive().empty() && client->ended(); }
};

// Case 6 of wide-api, section 14.
TEST_F(ApiTest, AResponsesStreamWithoutItsLastEventEndsWithAnErrorAndIsCut) {
  begin(wire::Api::kResponses);
  EXPECT_EQ(ask_for("true"), "");
  const std::string begun = upstream_says(std::string(kStreamHead) + chunk(kCreated));
  EXPECT_THAT(begun, HasSubstr(R"("response":{"model":"p/m"})"));
  const std::string end = upstream_says(kLastChunk);
  EXPECT_THAT(end,
              HasSubstr("event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_reset\""));
  EXPECT_THAT(end, HasSubstr("\"sequence_number\":5}\n\n"));
  EXPECT_THAT(end, Not(EndsWith(kLastChunk)));
  EXPECT_TRUE(is_cut());
}

TEST_F(ApiTest, AResponsesStreamEndsWithItsLastEvent) {
  begin(wire::Api::kResponses);
  EXPECT_EQ(ask_for("true"), "");
  upstream_says(std::string(kStreamHead) + chunk(kCreated) +
                chunk("data: {\"type\":\"response.completed\",\"response\":{}}\n\n"));
  EXPECT_EQ(after(milliseconds(999)), "");
  EXPECT_EQ(after(milliseconds(1)), kLastChunk);
}

TEST_F(ApiTest, AMessagesStreamThatBreaksEndsWithAnthropicsError) {
  begin(wire::Api::kMessages);
  EXPECT_EQ(ask_for("true"), "");
  upstream_says(std::string(kStreamHead) +
                chunk("event: message_start\ndata: {\"type\":\"message_start\"}\n\n"));
  EXPECT_THAT(upstream_says(kLastChunk), HasSubstr(R"(event: error
data: {"type":"error","error":{"type":"api_error","message":)"));
  EXPECT_TRUE(is_cut());
}

// Case 36.
TEST_F(ApiTest, AMessagesRouteSpeaksOfErrorsAsAnthropicDoes) {
  begin(wire::Api::kMessages);
  const auto ask = [&](std::string_view method, std::string_view body) {
    return say(
        std::string(method) + " /v1/chat/completions HTTP/1.1\r\nHost: h\r\nx-request-id: r" +
        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  };
  const std::string unknown = ask("POST", R"({"model":"unknown"})");
  EXPECT_THAT(unknown, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(unknown, HasSubstr(R"({"type":"error","error":{"type":"not_found_error",)"));
  EXPECT_THAT(unknown, EndsWith(R"(},"request_id":"r"})"));
  EXPECT_THAT(ask("DELETE", ""), HasSubstr(R"({"type":"error","error":{"type":"invalid_request)"));
}

TEST_F(ApiTest, AnUpstreamsTextBecomesAnErrorOfTheRoutesDialect) {
  begin(wire::Api::kMessages);
  EXPECT_EQ(ask_for("false"), "");
  EXPECT_THAT(
      upstream_says("HTTP/1.1 429 Slow\r\nContent-Length: 4\r\n\r\nslow"),
      HasSubstr(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"},)"));
}

// Case 12, before anything was sent.
TEST_F(ApiTest, AMessagesStreamThatBeginsWithAnErrorHasItsStatus) {
  begin(wire::Api::kMessages);
  EXPECT_EQ(ask_for("true"), "");
  const std::string answer =
      upstream_says(std::string(kStreamHead) +
                    chunk("event: ping\ndata: {\"type\":\"ping\"}\n\nevent: error\ndata: "
                          R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})"
                          "\n\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 529 "));
  EXPECT_THAT(answer, HasSubstr(R"({"type":"error","error":{"type":"overloaded_error",)"));
}

}  // namespace
}  // namespace penstock::gateway
