// The cases of nodejs/llhttp (see the corpus' README.md), judged as a server and as a client.
//
// How a case is run. The corpus has lost the last line end of its inputs: it is given back where
// the input stops inside a message. Most requests of the corpus have no Host field, which alone
// would refuse them here and prove nothing: each HTTP/1.1 request without one gets one. The
// fragment `#hey` in the target of cases about something else is taken out for the same reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "http/message_runner.h"
#include "support/paths.h"

namespace penstock::http {
namespace {

struct Case {
  std::string name;  // file: title
  Side side;
  bool lenient;
  bool accepted;
  std::size_t messages;  // at least; the corpus leaves some out
  std::string bytes;
};

struct Exception {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view kMethod = "no route has the method, 501 (RFC 9110 section 9.1)";
constexpr std::string_view kProtocol = "the protocol is not HTTP";
constexpr std::string_view kHostCharacters = "`=` in Host: unreserved characters only";
constexpr std::string_view kAbsolute = "absolute-form is for proxies; here it could hide a host";
constexpr std::string_view kCoding =
    "the only coding is chunked, named once (RFC 9112 section 6.3)";
constexpr std::string_view kEmptyLine =
    "only servers skip empty lines (RFC 9112 section 2.2); before an answer they mean that both "
    "sides disagree about where the last one ended";

// What llhttp accepts and a gateway must not.
constexpr Exception kStricter[] = {
    {"connection.md: CRLF between requests, implicit `keep-alive`",
     "two empty lines before a request; one is skipped"},
    {"method.md: REPORT request", kMethod},
    {"method.md: M-SEARCH request", kMethod},
    {"method.md: PURGE request", kMethod},
    {"method.md: SEARCH request", kMethod},
    {"method.md: LINK request", kMethod},
    {"method.md: SOURCE request", kMethod},
    {"method.md: QUERY request", kMethod},
    {"method.md: SOURCE request with ICE", kProtocol},
    {"method.md: OPTIONS request with RTSP", kProtocol},
    {"method.md: ANNOUNCE request with RTSP", kProtocol},
    {"sample.md: curl GET", kHostCharacters},
    {"sample.md: Firefox GET", kHostCharacters},
    {"sample.md: No HTTP version", "HTTP/0.9 has no framing at all"},
    {"transfer-encoding.md: POST with `chunked` as last transfer-encoding", kCoding},
    {"transfer-encoding.md: POST with `chunked` as last transfer-encoding (multiple headers)",
     kCoding},
    {"uri.md: Host terminated by a query string", kAbsolute},
    {"uri.md: `host:port` terminated by a query string", kAbsolute},
    {"uri.md: `host:port` terminated by a space", kAbsolute},
    {"uri.md: `host:port` and basic auth", kAbsolute},
    {"uri.md: Fragment in URI", "a fragment is no part of a target (RFC 9112 section 3.2)"},
    {"connection.md: HTTP 304 with Content-Length", kEmptyLine},
    {"connection.md: HTTP 100 first, then 400", kEmptyLine},
    {"pipelining.md: Should parse multiple events (response)", kEmptyLine},
    {"sample.md: Response starting with CRLF", kEmptyLine},
    {"sample.md: RTSP response", kProtocol},
    {"sample.md: ICE response", kProtocol},
    {"sample.md: HTTP version 0.9", "HTTP/0.9 has no status line; this is no version of HTTP"},
    {"transfer-encoding.md: `chunked` before other transfer-encoding", kCoding},
    {"transfer-encoding.md: multiple transfer-encoding where chunked is not the last one", kCoding},
    {"transfer-encoding.md: `chunkedchunked` transfer-encoding does not enable chunked enconding",
     kCoding},
};

// What both accept, but with a different number of messages.
constexpr Exception kOtherBodies[] = {
    {"content-length.md: Content-Length reset when no body is received",
     "llhttp's test tells its parser to skip the body"},
};

// What llhttp reports as an error to pass the connection to another protocol.
constexpr Exception kNotErrors[] = {
    {"connection.md: Setting a flag and pausing",
     "Upgrade may be ignored, and is (RFC 9110 section 7.8)"},
};

bool is_listed(std::span<const Exception> exceptions, const Case& c) {
  const std::string with_side = c.name + " (response)";
  return std::any_of(exceptions.begin(), exceptions.end(), [&](const Exception& e) {
    return e.name == c.name || (c.side == Side::kClient && e.name == with_side);
  });
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

bool contains_host(std::string_view head) {
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos;) {
    at += 2;
    if (starts_with_ignoring_case(head.substr(at), "host:")) return true;
  }
  return false;
}

std::string with_hosts(std::string_view bytes) {
  constexpr std::string_view kLineEnd = " HTTP/1.1\r\n";
  std::string out;
  while (true) {
    const std::size_t line_end = bytes.find(kLineEnd);
    if (line_end == std::string_view::npos) return out.append(bytes);
    const std::size_t fields = line_end + kLineEnd.size();
    const std::size_t head_end = bytes.find("\r\n\r\n", line_end);
    const bool has_host = contains_host(bytes.substr(line_end, head_end - line_end));
    out.append(bytes.substr(0, fields));
    if (!has_host) out.append("Host: example.com\r\n");
    bytes.remove_prefix(fields);
  }
}

std::vector<Case> load_cases() {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/tests/data/llhttp-cases.json");
  std::vector<Case> cases;
  for (const auto& entry : nlohmann::json::parse(file)) {
    const std::string path = entry["file"];
    Case c;
    c.name = path.substr(path.rfind('/') + 1) + ": " + entry["title"].get<std::string>();
    // "request-lenient-…" and "request-finish" are requests, too.
    const bool request = entry["type"].get<std::string>().starts_with("request");
    c.side = request ? Side::kServer : Side::kClient;
    c.lenient = entry["lenient"];
    c.accepted = entry["expect"] == "accept";
    c.messages = entry["messages_complete"];
    c.bytes = from_hex(entry["hex"]);
    if (request) c.bytes = with_hosts(c.bytes);
    const std::size_t fragment = c.bytes.find("#hey");
    if (fragment != std::string::npos) c.bytes.erase(fragment, 4);
    cases.push_back(std::move(c));
  }
  return cases;
}

MessageRunner run_case(const Case& c) {
  MessageRunner runner = run(c.side, c.bytes);
  const bool inside =
      c.accepted && !c.lenient ? runner.messages() < c.messages : !runner.at_border();
  if (inside) runner.feed("\r\n");
  return runner;
}

TEST(LlhttpCorpus, IsAllThere) {
  const std::vector<Case> cases = load_cases();
  EXPECT_GE(cases.size(), 251U);
}

TEST(LlhttpCorpus, RefusesWhatLlhttpRefusesWithAndWithoutLeniency) {
  for (const Case& c : load_cases()) {
    if (c.accepted || is_listed(kNotErrors, c)) continue;
    const MessageRunner runner = run_case(c);
    // Bytes after a message that ends the connection count as refused: they are never read.
    EXPECT_TRUE(runner.refused() || runner.has_unread()) << c.name << ": " << runner.verdict();
  }
}

TEST(LlhttpCorpus, AcceptsWhatLlhttpAcceptsButForTheListedCases) {
  for (const Case& c : load_cases()) {
    if (!c.accepted || c.lenient || is_listed(kStricter, c)) continue;
    const MessageRunner runner = run_case(c);
    EXPECT_FALSE(runner.refused()) << c.name << ": " << runner.verdict();
    if (is_listed(kOtherBodies, c)) continue;
    EXPECT_GE(runner.messages(), c.messages) << c.name << ": " << runner.verdict();
  }
}

TEST(LlhttpCorpus, RefusesTheListedCases) {
  for (const Case& c : load_cases()) {
    if (!c.accepted || c.lenient || !is_listed(kStricter, c)) continue;
    EXPECT_TRUE(run_case(c).refused()) << c.name;
  }
}

// Every leniency of llhttp concerns where lines, heads, bodies or connections end.
TEST(LlhttpCorpus, OffersNoneOfTheLeniencies) {
  std::size_t lenient = 0;
  for (const Case& c : load_cases()) {
    if (!c.accepted || !c.lenient) continue;
    ++lenient;
    const MessageRunner runner = run_case(c);
    EXPECT_TRUE(runner.refused() || runner.has_unread()) << c.name << ": " << runner.verdict();
  }
  EXPECT_GE(lenient, 27U);
}

TEST(LlhttpCorpus, HasACaseForEveryListedException) {
  const std::vector<Case> cases = load_cases();
  for (const std::span<const Exception> exceptions :
       {std::span<const Exception>(kStricter), std::span<const Exception>(kOtherBodies),
        std::span<const Exception>(kNotErrors)}) {
    for (const Exception& exception : exceptions) {
      EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [&](const Case& c) {
        return is_listed(std::span(&exception, 1), c);
      })) << exception.name;
    }
  }
}

TEST(LlhttpCorpus, IsJudgedTheSameHoweverItIsCut) {
  for (const Case& c : load_cases()) {
    const std::string whole = run(c.side, c.bytes).verdict();
    for (std::size_t piece_bytes = 1; piece_bytes < 8; ++piece_bytes) {
      EXPECT_EQ(run(c.side, c.bytes, piece_bytes).verdict(), whole) << c.name;
    }
    for (std::size_t cut = 1; cut < c.bytes.size(); ++cut) {
      MessageRunner runner(c.side);
      runner.feed(std::string_view(c.bytes).substr(0, cut));
      runner.feed(std::string_view(c.bytes).substr(cut));
      EXPECT_EQ(runner.verdict(), whole) << c.name << " cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace penstock::http
