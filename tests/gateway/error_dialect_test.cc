// In whose shape the gateway's own errors are: that of the API which the path belongs to.

#include <cstddef>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::Values;

constexpr std::string_view kOpenAi = R"({"error":{"message":")";
constexpr std::string_view kAnthropic = R"({"type":"error","error":{"type":")";
constexpr std::string_view kCohere = R"({"message":")";

struct Failure {
  std::string request;  // without the empty line at its end
  int status;
  std::string_view shape;
};

std::string request(std::string_view method, std::string_view target,
                    std::string_view fields = {}) {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" +
         std::string(fields);
}

constexpr std::size_t kHeadBytes = 4096;
constexpr std::string_view kAnthropicVersion = "anthropic-version: 2023-06-01\r\n";

class ErrorDialect : public SimulatedGateway, public ::testing::WithParamInterface<Failure> {};

TEST_P(ErrorDialect, IsThatOfTheApi) {
  limits.head.bytes = kHeadBytes;
  start();
  const auto& [text, status, shape] = GetParam();
  const std::string answer = say(text + "\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
  const std::string_view body = std::string_view(answer).substr(answer.find("\r\n\r\n") + 4);
  EXPECT_THAT(body, StartsWith(shape)) << text;
  EXPECT_TRUE(upstreams.empty());
}

INSTANTIATE_TEST_SUITE_P(
    WithoutARoute, ErrorDialect,
    Values(Failure{request("POST", "/v1/messages/foo/bar"), 404, kAnthropic},
           Failure{request("GET", "/v1/messages/batches/a/b/c?d"), 404, kAnthropic},
           Failure{request("POST", "/v1/openai/v1/messages/foo/bar"), 404, kAnthropic},
           Failure{request("POST", "/v1/v1/messages"), 404, kAnthropic},
           Failure{request("POST", "/v1/message"), 404, kAnthropic},
           Failure{request("POST", "/v2/rerank/x"), 404, kCohere},
           Failure{request("POST", "/v1/responses/a/b/c"), 404, kOpenAi},
           Failure{request("POST", "/v1/nothing"), 404, kOpenAi},
           Failure{request("POST", "/v1/nothing?x=/v1/messages"), 404, kOpenAi},
           Failure{request("POST", "/v1/nothing", kAnthropicVersion), 404, kAnthropic},
           Failure{request("POST", "/v1/chat/completions/a/b", kAnthropicVersion), 404, kOpenAi}));

INSTANTIATE_TEST_SUITE_P(
    WithABadTarget, ErrorDialect,
    Values(Failure{request("POST", "//v1/messages"), 400, kAnthropic},
           Failure{request("GET", "/v1/messages/%zz"), 400, kAnthropic},
           Failure{request("GET", "/v1/messages/../x"), 400, kAnthropic},
           Failure{request("GET", "/v1/messages/batches/a%2Fb"), 400, kAnthropic},
           Failure{request("GET", "/v1/responses/a%2Fb"), 400, kOpenAi},
           Failure{request("GET", "/v1/%zz", kAnthropicVersion), 400, kAnthropic}));

INSTANTIATE_TEST_SUITE_P(
    WithAnotherMethodOrProtocol, ErrorDialect,
    Values(Failure{request("GET", "/v1/messages"), 405, kAnthropic},
           Failure{request("PUT", "/v1/messages/batches/b"), 405, kAnthropic},
           Failure{request("GET", "/v1/embeddings", kAnthropicVersion), 405, kOpenAi},
           Failure{request("PUT", "/v1/models", kAnthropicVersion), 405, kAnthropic},
           Failure{request("POST", "/v1/messages", "Upgrade: websocket\r\n"), 426, kAnthropic},
           Failure{request("GET", "/v1/responses/r", "Upgrade: websocket\r\n"), 426, kOpenAi}));

INSTANTIATE_TEST_SUITE_P(
    AtAProvider, ErrorDialect,
    Values(Failure{request("POST", "/p/p/v1/messages"), 400, kAnthropic},
           Failure{request("POST", "/p/p/v1/messages/foo/bar"), 404, kAnthropic},
           Failure{request("OPTIONS", "/p/p/v1/messages/foo/bar"), 405, kAnthropic},
           Failure{request("POST", "/p/none/v1/messages/foo/bar"), 404, kAnthropic},
           Failure{request("GET", "/p/p/v1/files"), 404, kOpenAi},
           Failure{request("GET", "/p/p/v1/files", kAnthropicVersion), 404, kAnthropic}));

// It answers in two shapes itself.
INSTANTIATE_TEST_SUITE_P(OfTheListOfModels, ErrorDialect,
                         Values(Failure{request("GET", "/v1/models/none", kAnthropicVersion), 404,
                                        kAnthropic},
                                Failure{request("GET", "/v1/models/none"), 404, kOpenAi}));

INSTANTIATE_TEST_SUITE_P(
    WithoutAWholeHead, ErrorDialect,
    Values(Failure{"POST /v1/messages HTTP/1.1\r\nHost: a b\r\n", 400, kAnthropic},
           Failure{"\r\nPOST /v1/messages HTTP/2.0\r\n", 505, kAnthropic},
           Failure{"POST /v1/messages\x01 HTTP/1.1\r\n", 400, kAnthropic},
           Failure{"BREW /p/p/v1/messages HTTP/1.1\r\nHost: h\r\n", 501, kAnthropic},
           Failure{request("POST", "/v1/messages", "Expect: x\r\n"), 417, kAnthropic},
           Failure{
               request("POST", "/v1/messages", "x: " + std::string(2 * kHeadBytes, 'a') + "\r\n"),
               431, kAnthropic},
           Failure{request("POST", "/v1/messages?" + std::string(2 * kHeadBytes, 'a')), 431,
                   kAnthropic},
           Failure{request("POST", "/v1/responses", "Expect: x\r\n"), 417, kOpenAi},
           Failure{"POST\r\n", 400, kOpenAi}));

class ErrorDialectOfStrangers : public SimulatedGateway {};

TEST_F(ErrorDialectOfStrangers, IsThatOfTheApi) {
  settings->server.api_keys.push_back({.name = "k", .key = Secret("sk-penstock-1")});
  start();
  for (const char* path : {"/v1/messages", "/v1/messages/foo/bar", "/p/p/v1/messages/foo"}) {
    const std::string answer = say(request("POST", path) + "\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 ")) << path;
    EXPECT_THAT(answer, HasSubstr(std::string(kAnthropic) + "authentication_error")) << path;
  }
}

}  // namespace
}  // namespace penstock::gateway
