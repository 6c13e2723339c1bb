#include "config/url.h"

#include <gtest/gtest.h>

namespace penstock::config {
namespace {

struct GoodUrl {
  std::string_view text;
  Url url;
  std::string_view shown;
  std::string_view authority;
};

TEST(Url, DecodesWhatIsPlainlyABaseUrl) {
  const GoodUrl cases[] = {
      {"http://host", {false, "host", 80, ""}, "http://host", "host"},
      {"https://host", {true, "host", 443, ""}, "https://host", "host"},
      {"HTTPS://Host.Example/",
       {true, "host.example", 443, ""},
       "https://host.example",
       "host.example"},
      {"http://host:80/", {false, "host", 80, ""}, "http://host", "host"},
      {"http://host:443", {false, "host", 443, ""}, "http://host:443", "host:443"},
      {"https://host:443/a/b//", {true, "host", 443, "/a/b"}, "https://host/a/b", "host"},
      {"http://h_1-x.y:65535/v1",
       {false, "h_1-x.y", 65535, "/v1"},
       "http://h_1-x.y:65535/v1",
       "h_1-x.y:65535"},
      {"http://127.0.0.1:8000/V1",
       {false, "127.0.0.1", 8000, "/V1"},
       "http://127.0.0.1:8000/V1",
       "127.0.0.1:8000"},
      {"http://[::1]:8000", {false, "::1", 8000, ""}, "http://[::1]:8000", "[::1]:8000"},
      {"http://[0:0:0:0:0:0:0:1]", {false, "::1", 80, ""}, "http://[::1]", "[::1]"},
      {"http://[2001:DB8::A]/x",
       {false, "2001:db8::a", 80, "/x"},
       "http://[2001:db8::a]/x",
       "[2001:db8::a]"},
      {"http://host/a%2Fb@c:d;e=f",
       {false, "host", 80, "/a%2Fb@c:d;e=f"},
       "http://host/a%2Fb@c:d;e=f",
       "host"},
      {"http://xn--bcher-kva.example",
       {false, "xn--bcher-kva.example", 80, ""},
       "http://xn--bcher-kva.example",
       "xn--bcher-kva.example"},
  };
  for (const GoodUrl& good : cases) {
    const auto url = parse_url(good.text);
    ASSERT_TRUE(url) << good.text << ": " << url.error().message;
    EXPECT_EQ(*url, good.url) << good.text;
    EXPECT_EQ(url->text(), good.shown);
    EXPECT_EQ(url->authority(), good.authority);
  }
}

constexpr std::string_view kRefused[] = {
    "",
    "host",
    "//host",
    "ftp://host",
    "http:/host",
    "http://",
    "https:///v1",
    "http://:80",
    // User information, queries, fragments.
    "http://user@host",
    "http://user:password@host/v1",
    "http://host?a=b",
    "http://host/v1?",
    "http://host#",
    "http://host/v1#x",
    // Ports.
    "http://host:",
    "http://host:0",
    "http://host:65536",
    "http://host:-1",
    "http://host:80a",
    "http://host: 80",
    "http://host:99999999999999999999",
    // Hosts.
    "http://ho st",
    "http://host\\x",
    "http://a..b",
    "http://.a",
    "http://a.",
    "http://h\xC3\xB6st",
    "http://host%41",
    "http://[::1",
    "http://[::1]x",
    "http://[]",
    "http://[1.2.3.4]",
    "http://[fe80::1%eth0]",
    "http://::1",
    "http://a,b",
    "http://a%00b",
    // Addresses that only some resolvers read.
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.1",
    "http://0177.0.0.1",
    "http://1.2.3.4.5",
    "http://256.1.1.1",
    "http://a.1",
    // Paths.
    "http://host/a b",
    "http://host/\"",
    "http://host/<x>",
    "http://host/%",
    "http://host/%4",
    "http://host/%zz",
    "http://host/../v1",
    "http://host/a/..",
    "http://host/./a",
    "http://host/%2e%2e/a",
    "http://host/a%2f..%2fb",
    "http://host/a\nb",
    "http://host/\xC3\xB6",
    "http://host\r\nX: y",
    " http://host",
    "http://host/ ",
    "http://host/a\\b",
};

TEST(Url, RefusesEverythingElse) {
  for (std::string_view text : kRefused) {
    const auto url = parse_url(text);
    EXPECT_FALSE(url) << text;
    if (!url) {
      EXPECT_EQ(url.error().kind, ErrorKind::kInvalidRequest) << text;
      EXPECT_FALSE(url.error().message.empty()) << text;
    }
  }
}

TEST(Url, RefusesHostsThatAreLongerThanTheDnsAllows) {
  const std::string label(63, 'a');
  EXPECT_TRUE(parse_url("http://" + label));
  EXPECT_FALSE(parse_url("http://" + label + "a"));
  const std::string long_host = label + "." + label + "." + label + "." + std::string(61, 'b');
  EXPECT_EQ(long_host.size(), 253u);
  EXPECT_TRUE(parse_url("http://" + long_host));
  EXPECT_FALSE(parse_url("http://" + long_host + "b"));
}

TEST(Url, DoesNotRepeatAPasswordInItsMessage) {
  const auto url = parse_url("http://user:hunter2@host");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
}

// reported-failures 6.5
TEST(BaseUrl, IsNoEndpointOfAnyApi) {
  for (const char* path :
       {"messages/batches", "audio/translations", "images/edits", "rerank", "files", "batches",
        "chat", "realtime", "assistants", "threads", "vector_stores", "fine_tuning/jobs",
        "conversations", "tokenize", "api/chat", "api/generate", "API/tags"}) {
    const auto url = parse_base_url(std::string("http://h/v1/") + path + "/", BasePath::kAsWritten);
    ASSERT_FALSE(url) << path;
    EXPECT_NE(url.error().message.find("belongs to one endpoint"), std::string::npos) << path;
  }
  for (const char* path : {"/models", "/files", "/chat", "/v1/filesystem", "/v1/chat/x"}) {
    EXPECT_TRUE(parse_base_url(std::string("http://h") + path, BasePath::kAsWritten)) << path;
  }
}

TEST(BaseUrl, EndsInV1) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"http://host", "/v1"},
      {"http://host/", "/v1"},
      {"http://host/v1", "/v1"},
      {"http://host/v1/", "/v1"},
      {"http://host/a", "/a/v1"},
      {"http://host/openai/v1", "/openai/v1"},
      {"http://host/xv1", "/xv1/v1"},
      {"http://host/v1/openai", "/v1/openai/v1"},
      {"http://host/v1beta", "/v1beta/v1"},
  };
  for (const auto& [text, path] : cases) {
    const auto url = parse_base_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->path, path) << text;
  }
  EXPECT_FALSE(parse_base_url("http://host?x"));
}

TEST(Host, HasOneFormForEqualHosts) {
  EXPECT_EQ(parse_host("LocalHost").value(), "localhost");
  EXPECT_EQ(parse_host("0.0.0.0").value(), "0.0.0.0");
  EXPECT_EQ(parse_host("::").value(), "::");
  EXPECT_EQ(parse_host("[0::1]").value(), "::1");
  EXPECT_FALSE(parse_host(""));
  EXPECT_FALSE(parse_host("host:80"));
  EXPECT_FALSE(parse_host("http://host"));
}

// faults-measured 18
TEST(CallerUrlHost, AllowsThePortsThatItNames) {
  const auto allows = [](std::string_view entry, std::string_view url) {
    return parse_caller_url_host(entry).value().allows(parse_url(url).value());
  };
  EXPECT_TRUE(allows("host", "http://host"));
  EXPECT_TRUE(allows("host", "https://HOST:443/v1"));
  EXPECT_FALSE(allows("host", "http://host:443"));
  EXPECT_FALSE(allows("host", "https://host:80"));
  EXPECT_FALSE(allows("host", "http://host:8000"));
  EXPECT_TRUE(allows("host:8000", "http://host:8000"));
  EXPECT_TRUE(allows("host:8000", "https://host:8000"));
  EXPECT_FALSE(allows("host:8000", "http://host"));
  EXPECT_FALSE(allows("host:8000", "http://host:8001"));
  EXPECT_FALSE(allows("host:8000", "http://other:8000"));
  EXPECT_TRUE(allows("host:*", "http://host:22"));
  EXPECT_FALSE(allows("host:*", "http://sub.host:22"));
  EXPECT_TRUE(allows("[0::1]:8000", "http://[::1]:8000"));
  EXPECT_FALSE(allows("::1", "http://[::1]:8000"));
  for (const char* text : {"", ":80", "host:", "host:0", "host:65536", "host:+1", "host:8000/",
                           "http://host", "http://host:80", "*", "*:80", "::1:*:*", "[::1:80"}) {
    EXPECT_FALSE(parse_caller_url_host(text)) << text;
  }
}

}  // namespace
}  // namespace penstock::config
