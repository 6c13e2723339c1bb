#include <cstring>

#include "http/characters.h"
#include "http/field_parser.h"
#include "http/parser.h"

namespace penstock::http {
namespace {

// HTTP-version SP status-code [ SP reason-phrase ] CRLF (RFC 9112 section 4). The grammar always
// has the second space; servers omit it together with the reason.
Fault parse_status_line(const char*& at, const char* end, ResponseHead& head) {
  constexpr std::ptrdiff_t kFixedBytes = 12;  // HTTP/1.1 SP 200
  if (end - at < kFixedBytes || std::memcmp(at, "HTTP/1.", 7) != 0 ||
      (at[7] != '0' && at[7] != '1') || at[8] != ' ') {
    return malformed("the answer does not begin with HTTP/1.1 or HTTP/1.0");
  }
  if (at[9] < '1' || at[9] > '9' || !is_digit(at[10]) || !is_digit(at[11])) {
    return malformed("the status is not a number from 100 to 999");
  }
  const char* reason = at + kFixedBytes;
  const char* const line_end = skip_value(reason, end);
  if (end - line_end < 2 || line_end[0] != '\r' || line_end[1] != '\n' ||
      (reason != line_end && *reason != ' ')) {
    return malformed("the status line does not end in a reason and CRLF");
  }
  if (reason != line_end) ++reason;
  head.version = at[7] == '0' ? Version::kHttp10 : Version::kHttp11;
  head.status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
  head.reason = {reason, static_cast<std::size_t>(line_end - reason)};
  at = line_end + 2;
  return {};
}

// RFC 9112 section 6.3, but stricter: Content-Length and Transfer-Encoding must agree even if the
// status says that no body follows.
Fault finish(const Directives& directives, ResponseHead& head) {
  const Fault fault = decide_framing(head.version, directives, head.framing);
  if (fault) return fault;
  head.keep_alive = decide_keep_alive(head.version, directives);
  const bool without_body = head.status < 200 || head.status == 204 || head.status == 304;
  if (without_body) {
    head.framing = {};
  } else if (head.framing.kind == Framing::Kind::kNone) {
    head.framing.kind = Framing::Kind::kUntilClose;
    head.keep_alive = false;
  }
  return {};
}

}  // namespace

Result<Parsed> parse_response_head(std::string_view buffer, std::size_t scanned,
                                   const HeadLimits& limits, ResponseHead& head) {
  Directives directives;
  Walk walk = walk_head(
      buffer, scanned, Direction::kResponse, limits, head.fields, directives,
      [&head](const char*& at, const char* end) { return parse_status_line(at, end, head); });
  if (walk.head_bytes > 0) walk.fault = finish(directives, head);
  if (walk.fault) {
    return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                                   walk.fault.message));
  }
  return Parsed{walk.head_bytes};
}

}  // namespace penstock::http
