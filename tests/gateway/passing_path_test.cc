#include "gateway/passing_path.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/route_table.h"
#include "gateway/routes.h"

namespace penstock::gateway {
namespace {

using ::testing::HasSubstr;

TEST(PassingPath, IsOneThatCanBeReadInOneWayOnly) {
  for (const char* path :
       {"/", "/v1/files", "/v1/responses/resp_1/input_items", "/v1/a.b/..c/d..",
        "/v1/.well-known/x", "/v1/fine_tuning/checkpoints/ft:gpt-4.1:org::id/permissions",
        "/v1/x/%3Aa%20b%2B%40", "/v1/x/%C3%A4", "/v1/x/100%25", "/v1/x/100%25z",
        "/v1/x/~-_!$&'()*+,=:@", "/v1/x/"}) {
    EXPECT_TRUE(check_passing_path(path)) << path;
  }
}

struct Refused {
  std::string_view segment, fault;
};

constexpr Refused kRefused[] = {
    {"a//b", "an empty segment"},
    {"a;b", "a semicolon"},
    {"..;", "a semicolon"},
    {"a\\b", "a backslash"},
    {"..\\x", "a backslash"},
    {".", "a dot segment"},
    {"..", "a dot segment"},
    {"../x", "a dot segment"},
    {"a/./b", "a dot segment"},
    {"%2e%2e", "an encoded separator or dot"},
    {"%2E./x", "an encoded separator or dot"},
    {"a%2eb", "an encoded separator or dot"},
    {"..%2fx", "an encoded separator or dot"},
    {"a%2Fb", "an encoded separator or dot"},
    {"..%5cx", "an encoded separator or dot"},
    {"..%3bx", "an encoded separator or dot"},
    {"a%3Fb", "an encoded separator or dot"},
    {"a%23b", "an encoded separator or dot"},
    {"%252e%252e", "encoded twice"},
    {"a%252fb", "encoded twice"},
    {"a%25252fb", "encoded twice"},
    {"a%25%32%66b", "encoded twice"},
    {"a%2%35%32fb", "malformed"},
    {"a%255cb", "encoded twice"},
    {"a%2541b", "encoded twice"},
    {"a%00b", "a control character"},
    {"a%0d%0ab", "a control character"},
    {"a%7f", "a control character"},
    {"a%C2%85b", "a control character"},
    {"a%c0%afb", "not UTF-8"},
    {"%c0%ae%c0%ae", "not UTF-8"},
    {"a%ff", "not UTF-8"},
    {"a%", "malformed"},
};

TEST(PassingPath, IsRefusedWhereAProgramCouldReadAnotherOne) {
  for (const auto& [segment, fault] : kRefused) {
    for (const char* end : {"", "/cancel"}) {
      const std::string path = "/v1/responses/" + std::string(segment) + end;
      const Status checked = check_passing_path(path);
      ASSERT_FALSE(checked) << path;
      EXPECT_EQ(checked.error().kind, ErrorKind::kInvalidRequest);
      EXPECT_THAT(checked.error().message, HasSubstr(fault)) << path;
    }
  }
}

TEST(PassingPath, OfARouteWithoutPlaceholdersIsSound) {
  const RouteTable table(routes(nullptr));
  for (const Endpoint& endpoint : table.endpoints()) {
    if (endpoint.has_placeholders || endpoint.routes.empty()) continue;
    EXPECT_TRUE(check_passing_path(endpoint.label)) << endpoint.label;
  }
}

}  // namespace
}  // namespace penstock::gateway
