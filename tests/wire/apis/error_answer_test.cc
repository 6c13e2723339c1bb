#include "wire/apis/error_answer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/text.h"
#include "support/paths.h"

namespace penstock::wire {
namespace {

using Json = nlohmann::ordered_json;

struct Row {
  ErrorKind kind;
  int status;
  std::string_view type;
  std::string_view code;
  std::string_view param;
};

constexpr Row kRows[] = {
    {ErrorKind::kMalformedRequest, 400, "invalid_request_error", "malformed_request", ""},
    {ErrorKind::kInvalidRequest, 400, "invalid_request_error", "", ""},
    {ErrorKind::kInvalidApiKey, 401, "authentication_error", "invalid_api_key", ""},
    {ErrorKind::kExpiredApiKey, 401, "authentication_error", "expired_api_key", ""},
    {ErrorKind::kDisabledApiKey, 401, "authentication_error", "disabled_api_key", ""},
    {ErrorKind::kForbidden, 403, "permission_error", "forbidden", ""},
    {ErrorKind::kModelNotAllowed, 403, "permission_error", "model_not_allowed", ""},
    {ErrorKind::kModelNotFound, 404, "invalid_request_error", "model_not_found", "model"},
    {ErrorKind::kNotFound, 404, "invalid_request_error", "not_found", ""},
    {ErrorKind::kConflict, 409, "invalid_request_error", "conflict", ""},
    {ErrorKind::kPreconditionFailed, 412, "invalid_request_error", "precondition_failed", ""},
    {ErrorKind::kMethodNotAllowed, 405, "invalid_request_error", "method_not_allowed", ""},
    {ErrorKind::kUpgradeRequired, 426, "invalid_request_error", "upgrade_required", ""},
    {ErrorKind::kRequestTimeout, 408, "invalid_request_error", "request_timeout", ""},
    {ErrorKind::kBodyTooLarge, 413, "invalid_request_error", "body_too_large", ""},
    {ErrorKind::kHeadTooLarge, 431, "invalid_request_error", "head_too_large", ""},
    {ErrorKind::kTooManyFields, 431, "invalid_request_error", "too_many_fields", ""},
    {ErrorKind::kUnsupportedMediaType, 415, "invalid_request_error", "unsupported_media_type", ""},
    {ErrorKind::kExpectationFailed, 417, "invalid_request_error", "expectation_failed", ""},
    {ErrorKind::kNotImplemented, 501, "invalid_request_error", "not_implemented", ""},
    {ErrorKind::kVersionNotSupported, 505, "invalid_request_error", "version_not_supported", ""},
    {ErrorKind::kClientGone, 0, "", "", ""},
    {ErrorKind::kUpstreamUnreachable, 502, "upstream_error", "upstream_unreachable", ""},
    {ErrorKind::kUpstreamReset, 502, "upstream_error", "upstream_reset", ""},
    {ErrorKind::kUpstreamTimeout, 504, "upstream_error", "upstream_timeout", ""},
    {ErrorKind::kUpstreamInvalidResponse, 502, "upstream_error", "upstream_invalid_response", ""},
    {ErrorKind::kUpstreamRedirect, 502, "upstream_error", "upstream_redirect", ""},
    {ErrorKind::kUpstreamForbidden, 400, "invalid_request_error", "upstream_forbidden", ""},
    {ErrorKind::kOverloaded, 503, "api_error", "overloaded", ""},
    {ErrorKind::kRateLimited, 429, "rate_limit_error", "rate_limit_exceeded", ""},
    {ErrorKind::kKeyRequests, 429, "rate_limit_error", "rate_limit_exceeded", ""},
    {ErrorKind::kKeyTokens, 429, "rate_limit_error", "rate_limit_exceeded", ""},
    {ErrorKind::kKeyConcurrency, 429, "rate_limit_error", "concurrency_limit_exceeded", ""},
    {ErrorKind::kBudgetExceeded, 429, "insufficient_quota", "budget_exceeded", ""},
    {ErrorKind::kStoreUnavailable, 503, "api_error", "store_unavailable", ""},
    {ErrorKind::kPinnedTargetUnavailable, 503, "api_error", "pinned_target_unavailable", ""},
    {ErrorKind::kShuttingDown, 503, "api_error", "shutting_down", ""},
    {ErrorKind::kInternal, 500, "api_error", "internal", ""},
};

Error error_of(ErrorKind kind, std::string message = "m") {
  return Error::gateway(kind, std::move(message));
}

TEST(ErrorAnswer, HasARowForEveryKind) {
  ASSERT_EQ(std::size(kRows), static_cast<std::size_t>(ErrorKind::kInternal) + 1);
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kRows[i].kind), i);
  }
}

TEST(ErrorAnswer, AnswersEveryKindAsTheTableSays) {
  for (const Row& row : kRows) {
    const ErrorAnswer answer = answer_for(error_of(row.kind));
    EXPECT_EQ(answer.status, row.status) << name_of(row.kind);
    EXPECT_EQ(answer.type, row.type) << name_of(row.kind);
    EXPECT_EQ(answer.code, row.code) << name_of(row.kind);
    EXPECT_EQ(answer.param, row.param) << name_of(row.kind);
  }
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  std::stringstream stream{std::string(line)};
  for (std::string cell; std::getline(stream, cell, '|');) {
    const std::string_view text = trim(cell);
    const bool quoted = text.size() > 1 && text.front() == '`' && text.back() == '`';
    cells.emplace_back(quoted ? text.substr(1, text.size() - 2) : text);
  }
  return cells;
}

// The rows of docs/errors.md by their first cell.
std::map<std::string, std::vector<std::string>> documented() {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/docs/errors.md");
  std::map<std::string, std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    // The cell before the first bar is empty.
    const std::vector<std::string> cells = cells_of(line);
    EXPECT_EQ(cells.size(), 7U) << line;
    EXPECT_TRUE(rows.emplace(cells.at(1), cells).second) << line;
  }
  return rows;
}

TEST(ErrorAnswer, IsDocumentedKindByKind) {
  const auto rows = documented();
  EXPECT_EQ(rows.size(), std::size(kRows));
  for (const Row& row : kRows) {
    const std::string name(name_of(row.kind));
    ASSERT_TRUE(rows.contains(name)) << name;
    const auto& cells = rows.at(name);
    const auto or_dash = [](std::string_view text) { return text.empty() ? "–" : text; };
    EXPECT_EQ(cells.at(2), row.status == 0 ? "–" : std::to_string(row.status)) << name;
    EXPECT_EQ(cells.at(3), or_dash(row.type)) << name;
    EXPECT_EQ(cells.at(4), or_dash(row.code)) << name;
    EXPECT_FALSE(cells.at(5).empty()) << name;
    EXPECT_FALSE(cells.at(6).empty()) << name;
  }
}

TEST(ErrorBody, IsOneCompactObjectInOpenAisShape) {
  EXPECT_EQ(error_body(error_of(ErrorKind::kModelNotFound, "Model 'x' not found.")),
            R"({"error":{"message":"Model 'x' not found.","type":"invalid_request_error",)"
            R"("param":"model","code":"model_not_found"}})");
  EXPECT_EQ(error_body(error_of(ErrorKind::kInvalidRequest, "m")),
            R"({"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}})");
}

TEST(ErrorBody, IsValidJsonWhateverTheMessageHolds) {
  const std::string body = error_body(error_of(ErrorKind::kInternal, "a\"b\\c\n\x01\xFF é"));
  EXPECT_EQ(Json::parse(body).at("error").at("message"), "a\"b\\c\n\x01\uFFFD é");
}

constexpr ErrorForm kAnthropicForm{.dialect = Dialect::kAnthropic, .request_id = "req_1"};

// Case 36 of wide-api, section 14.
TEST(ErrorBody, HasAnthropicsShapeAndTypes) {
  EXPECT_EQ(error_body(error_of(ErrorKind::kModelNotFound, "no \"x\""), kAnthropicForm),
            R"({"type":"error","error":{"type":"not_found_error","message":"no \"x\""},)"
            R"("request_id":"req_1"})");
  EXPECT_EQ(error_body(error_of(ErrorKind::kInvalidApiKey, "m"), {.dialect = Dialect::kAnthropic}),
            R"({"type":"error","error":{"type":"authentication_error","message":"m"},)"
            R"("request_id":null})");
}

// https://docs.anthropic.com/en/api/errors
TEST(ErrorBody, KnowsAnthropicsTypeOfEachStatus) {
  const std::vector<std::pair<int, std::string_view>> types = {{400, "invalid_request_error"},
                                                               {401, "authentication_error"},
                                                               {402, "billing_error"},
                                                               {403, "permission_error"},
                                                               {404, "not_found_error"},
                                                               {405, "invalid_request_error"},
                                                               {409, "conflict_error"},
                                                               {413, "request_too_large"},
                                                               {415, "invalid_request_error"},
                                                               {429, "rate_limit_error"},
                                                               {500, "api_error"},
                                                               {502, "api_error"},
                                                               {503, "overloaded_error"},
                                                               {504, "timeout_error"},
                                                               {529, "overloaded_error"}};
  for (const auto& [status, type] : types) EXPECT_EQ(anthropic_type_of(status), type) << status;
}

TEST(ErrorBody, HasCoheresShape) {
  EXPECT_EQ(error_body(error_of(ErrorKind::kNotFound, "m"), {.dialect = Dialect::kCohere}),
            R"({"message":"m"})");
}

TEST(ErrorEvent, IsOneEventOnOneLine) {
  const Error error = error_of(ErrorKind::kUpstreamReset, "cut\noff\r");
  const std::string event = error_event(error, Api::kCompletions, "r", 0);
  EXPECT_EQ(event, "data: " + error_body(error) + "\n\n");
  EXPECT_EQ(event.find_first_of("\r\n"), event.size() - 2);
}

TEST(ErrorEvent, IsThatOfItsApi) {
  const Error error = error_of(ErrorKind::kUpstreamReset, "cut");
  EXPECT_EQ(error_event(error, Api::kMessages, "req_1", 0),
            "event: error\n"
            R"(data: {"type":"error","error":{"type":"api_error","message":"cut"},)"
            R"("request_id":"req_1"})"
            "\n\n");
  EXPECT_EQ(error_event(error, Api::kResponses, "req_1", 12),
            "event: error\n"
            R"(data: {"type":"error","code":"upstream_reset","message":"cut","param":null,)"
            R"("sequence_number":12})"
            "\n\n");
}

std::string wrapped_message(int status, std::string_view text) {
  const Json error = Json::parse(wrapped_upstream_error(status, text)).at("error");
  EXPECT_EQ(error.size(), 4U);
  EXPECT_EQ(error.at("type"), "upstream_error");
  EXPECT_TRUE(error.at("param").is_null());
  EXPECT_TRUE(error.at("code").is_null());
  return error.at("message");
}

TEST(WrappedUpstreamError, CarriesTheText) {
  EXPECT_EQ(
      wrapped_upstream_error(429, " slow down\n"),
      R"({"error":{"message":"slow down","type":"upstream_error","param":null,"code":null}})");
  EXPECT_EQ(wrapped_message(500, "<html>\"x\"\xFF</html>"), "<html>\"x\"\uFFFD</html>");
}

TEST(WrappedUpstreamError, NamesTheStatusWhereThereIsNoText) {
  EXPECT_EQ(wrapped_message(503, ""), "Service Unavailable");
  EXPECT_EQ(wrapped_message(429, " \r\n"), "Too Many Requests");
  EXPECT_EQ(wrapped_message(599, ""), "The upstream answered with status 599");
}

TEST(WrappedUpstreamError, SpeaksTheDialect) {
  EXPECT_EQ(wrapped_upstream_error(429, "slow down", kAnthropicForm),
            R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"},)"
            R"("request_id":"req_1"})");
  EXPECT_EQ(coded_upstream_error(503, kAnthropicForm).find(R"({"type":"error",)"), 0U);
  EXPECT_EQ(refused_credential_error(401, "p", "no", kAnthropicForm).find(R"({"type":"error",)"),
            0U);
}

TEST(WrappedUpstreamError, CutsALongTextBetweenCharacters) {
  EXPECT_EQ(wrapped_message(500, std::string(2048, 'x')), std::string(2048, 'x'));
  EXPECT_EQ(wrapped_message(500, std::string(2049, 'x')), std::string(2048, 'x'));
  for (std::size_t before = 2040; before <= 2048; ++before) {
    const std::string message =
        wrapped_message(500, std::string(before, 'x') + "\U0001F600\U0001F600\U0001F600");
    EXPECT_EQ(message.find("\uFFFD"), std::string::npos) << before;
    EXPECT_LE(message.size(), 2048U);
    EXPECT_GT(message.size(), 2044U);
  }
  EXPECT_LE(wrapped_message(500, std::string(5000, '\x80')).size(), 3U * 2048);
}

}  // namespace
}  // namespace penstock::wire
