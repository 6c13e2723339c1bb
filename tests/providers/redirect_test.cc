#include "providers/redirect.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/parser.h"

namespace penstock::providers {
namespace {

// The result of an answer with that status and those fields to "/v1/chat/completions?v=1".
Result<std::string> target(const config::Url& url, int status, const std::string& fields) {
  const std::string text =
      "HTTP/1.1 " + std::to_string(status) + " R\r\n" + fields + "Content-Length: 0\r\n\r\n";
  http::ResponseHead head;
  const auto parsed = http::parse_response_head(text, 0, http::HeadLimits{}, head);
  EXPECT_TRUE(parsed && parsed->complete()) << text;
  return redirect_target(head, url, "/v1/chat/completions?v=1");
}

const config::Url kPlain{false, "host.test", 8000, "/v1"};
const config::Url kTls{true, "host.test", 443, "/v1"};

// reported-failures 4.1
TEST(Redirect, IsFollowedWithinItsOrigin) {
  struct Case {
    const char* location;
    const char* target;
  };
  const Case cases[] = {
      {"/v1/chat/completions/", "/v1/chat/completions/"},
      {"/other/path", "/other/path"},
      {"/", "/"},
      {"/v1/chat/completions/?v=1&x=%20", "/v1/chat/completions/?v=1&x=%20"},
      {"/a#fragment", "/a"},
      {"http://host.test:8000/a/", "/a/"},
      {"HTTP://HOST.test:8000/a", "/a"},
      {"http://host.test:8000", "/"},
      {"http://host.test:8000?q", "/?q"},
      {"//host.test:8000/a", "/a"},
      {"completions/", "/v1/chat/completions/"},
      {"?v=2", "/v1/chat/completions?v=2"},
      {"./completions/", "/v1/chat/completions/"},
      {"../chat/completions/", "/v1/chat/completions/"},
      {"../../../../a", "/a"},
      {"..", "/v1/"},
      {".", "/v1/chat/"},
      {"/v1/./chat/../a/", "/v1/a/"},
      {"http://host.test:8000/x/../a?q=/../", "/a?q=/../"},
  };
  for (const int status : {307, 308}) {
    for (const Case& each : cases) {
      const auto found = target(kPlain, status, std::string("Location: ") + each.location + "\r\n");
      ASSERT_TRUE(found) << each.location << ": " << found.error().message;
      EXPECT_EQ(*found, each.target) << each.location;
    }
  }
  EXPECT_EQ(target(kTls, 307, "location: https://host.test:443/a\r\n").value(), "/a");
}

TEST(Redirect, IsNotFollowedElsewhere) {
  const char* const locations[] = {
      "https://host.test:8000/a",
      "http://host.test/a",
      "http://host.test:8001/a",
      "http://other.test:8000/a",
      "http://host.test.evil/a",
      "//evil.test/a",
      "http://127.0.0.1:8000/a",
      "http://u:p@host.test:8000/",
      "http://host.test:8000@evil/a",
      "ftp://host.test:8000/a",
      "javascript:alert(1)",
      "http:///a",
      "http://host.test:8000\\@evil/",
      "/a b",
      "/%2e%2e/a",
      "/a\\b",
      "/a?b c",
      "/%2E/a",
      "/a/../../%2e./a",
      "http://host.test:8000/../@evil.test/%2e%2e",
      "http://host.test.:8000/a",
  };
  for (const char* location : locations) {
    const auto found = target(kPlain, 307, std::string("Location: ") + location + "\r\n");
    ASSERT_FALSE(found) << location << " leads to " << *found;
    EXPECT_EQ(found.error().kind, ErrorKind::kUpstreamRedirect) << location;
    EXPECT_EQ(found.error().retry, RetryClass::kNever);
    EXPECT_EQ(found.error().message.find(location), std::string::npos);
    EXPECT_NE(found.error().message.find("base_url"), std::string::npos);
  }
  EXPECT_FALSE(target(kTls, 307, "Location: http://host.test:443/a\r\n"));
  EXPECT_FALSE(target(kPlain, 307, ""));
  EXPECT_FALSE(target(kPlain, 307, "Location:\r\n"));
  EXPECT_FALSE(target(kPlain, 307, "Location: /a\r\nLocation: /b\r\n"));
}

TEST(Redirect, OfAnotherKindIsNotFollowed) {
  for (const int status : {300, 301, 302, 303, 305, 306, 399}) {
    const auto found = target(kPlain, status, "Location: /v1/chat/completions/\r\n");
    ASSERT_FALSE(found) << status;
    EXPECT_NE(found.error().message.find(std::to_string(status)), std::string::npos);
  }
}

std::string shown(const std::string& location) {
  const std::string text =
      "HTTP/1.1 307 R\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
  http::ResponseHead head;
  EXPECT_TRUE(http::parse_response_head(text, 0, http::HeadLimits{}, head));
  return redirect_address(head);
}

TEST(Redirect, IsShownWithoutItsQueryAndItsUser) {
  EXPECT_EQ(shown("http://a.test/b?key=secret#f"), "http://a.test/b");
  EXPECT_EQ(shown("http://user:secret@a.test/b"), "********@a.test/b");
  EXPECT_EQ(shown("//secret@a.test/b"), "********@a.test/b");
  EXPECT_EQ(shown(""), "no address");
}

}  // namespace
}  // namespace penstock::providers
