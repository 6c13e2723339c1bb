#include "access/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

http::RequestHead request_of(std::string_view method, const Headers& headers) {
  http::RequestHead request;
  request.method = method;
  for (const auto& [name, value] : headers) request.fields.add(name, value);
  return request;
}

config::Cors settings() {
  config::Cors made;
  made.allow_origins = {"https://app.test"};
  made.allow_origin_regex = R"(https?://localhost:\d+)";
  made.allow_methods = {"GET", "POST"};
  made.allow_headers = {"Authorization"};
  return made;
}

std::string fields_for(const config::Cors& made, std::string_view origin) {
  const http::FieldBlock fields =
      Cors(made).fields_for(request_of("POST", {{"origin", origin}, {"cookie", "a=b"}}));
  return std::string(fields.lines());
}

struct Answer {
  int status = 0;
  std::string body;
  std::string fields;
};
Answer preflight(const config::Cors& made, std::string_view origin, std::string_view method,
                 std::string_view headers = "") {
  Headers all = {{"Origin", origin}, {"Access-Control-Request-Method", method}};
  if (!headers.empty()) all.emplace_back("Access-Control-Request-Headers", headers);
  const auto answer = Cors(made).answer(request_of("OPTIONS", all));
  if (!answer) return {};
  return {answer->status, answer->body, std::string(answer->fields.lines())};
}

TEST(Cors, TellsTheOriginsThatItAllowsAndNoOther) {
  for (std::string_view origin :
       {"https://app.test", "http://localhost:3000", "https://localhost:1"}) {
    EXPECT_EQ(fields_for(settings(), origin),
              "Vary: Origin\r\nAccess-Control-Allow-Origin: " + std::string(origin) + "\r\n");
  }
  for (std::string_view origin :
       {"http://app.test", "https://app.test.evil.test", "http://localhost:3000.evil.test",
        "http://localhost:", "null", ""}) {
    EXPECT_EQ(fields_for(settings(), origin), "") << origin;
  }
  const http::FieldBlock none = Cors(settings()).fields_for(request_of("GET", {}));
  EXPECT_EQ(none.lines(), "");
}

TEST(Cors, TellsEverybodyIfEveryOriginIsAllowed) {
  config::Cors open;
  open.allow_origins = {"*"};
  open.expose_headers = {"x-request-id", "retry-after"};
  EXPECT_EQ(fields_for(open, "https://any.test"),
            "Access-Control-Allow-Origin: *\r\n"
            "Access-Control-Expose-Headers: x-request-id, retry-after\r\n");
}

TEST(Cors, TellsOfCredentialsOnlyTheOriginsThatAreListed) {
  config::Cors made = settings();
  made.allow_credentials = true;
  EXPECT_THAT(fields_for(made, "https://app.test"),
              HasSubstr("Access-Control-Allow-Credentials: true\r\n"));
  EXPECT_EQ(fields_for(made, "https://evil.test"), "");
}

// Starlette 0.50, starlette/middleware/cors.py.
TEST(Cors, AnswersAPreflight) {
  const Answer allowed =
      preflight(settings(), "https://app.test", "POST", "authorization, content-type");
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.body, "OK");
  EXPECT_EQ(allowed.fields,
            "Vary: Origin\r\n"
            "Access-Control-Allow-Origin: https://app.test\r\n"
            "Access-Control-Allow-Methods: GET, POST\r\n"
            "Access-Control-Allow-Headers: Accept, Accept-Language, Authorization, "
            "Content-Language, Content-Type\r\n"
            "Access-Control-Max-Age: 600\r\n");
}

TEST(Cors, RefusesAPreflightForWhatIsNotAllowed) {
  const Answer origin = preflight(settings(), "https://evil.test", "POST");
  EXPECT_EQ(origin.status, 400);
  EXPECT_EQ(origin.body, "Disallowed CORS origin");
  EXPECT_THAT(origin.fields, Not(HasSubstr("Access-Control")));
  EXPECT_EQ(preflight(settings(), "https://app.test", "DELETE").body, "Disallowed CORS method");
  EXPECT_EQ(preflight(settings(), "https://app.test", "GET", "x-a").body,
            "Disallowed CORS headers");
  EXPECT_EQ(preflight(settings(), "https://evil.test", "PUT", "accept,,x-a").body,
            "Disallowed CORS origin, method, headers");
}

TEST(Cors, AllowsEveryMethodAndHeaderIfItIsToldSo) {
  config::Cors open = settings();
  open.allow_methods = {"*"};
  open.allow_headers = {"*"};
  const Answer allowed = preflight(open, "https://app.test", "PATCH", "x-a, x-b");
  EXPECT_EQ(allowed.status, 200);
  EXPECT_THAT(
      allowed.fields,
      HasSubstr("Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n"));
  EXPECT_THAT(allowed.fields, HasSubstr("Access-Control-Allow-Headers: x-a, x-b\r\n"));
}

TEST(Cors, TakesOnlyAPreflightForOne) {
  const Cors cors(settings());
  EXPECT_FALSE(cors.answer(request_of("OPTIONS", {{"Origin", "https://app.test"}})));
  EXPECT_FALSE(cors.answer(request_of("OPTIONS", {{"Access-Control-Request-Method", "GET"}})));
  EXPECT_FALSE(cors.answer(request_of(
      "POST", {{"Origin", "https://app.test"}, {"Access-Control-Request-Method", "GET"}})));
}

// A pattern that takes exponential time if it is tried with backtracking.
TEST(Cors, TakesNoTimeThatAnOriginCouldChoose) {
  config::Cors made;
  made.allow_origin_regex = "(a+)+b";
  EXPECT_EQ(fields_for(made, std::string(256, 'a')), "");
  made.allow_origin_regex = ".*";
  EXPECT_EQ(fields_for(made, std::string(257, 'a')), "");
}

}  // namespace
}  // namespace penstock::access
