#include <cstring>

#include "http/characters.h"
#include "http/field_parser.h"
#include "http/parser.h"

namespace penstock::http {
namespace {

// The methods that a route can have; an unrecognized method is answered with 501 (RFC 9110 section
// 9.1). CONNECT and TRACE make no sense at such a gateway.
bool is_served(std::string_view method) {
  switch (method.size()) {
    case 3:
      return method == "GET" || method == "PUT";
    case 4:
      return method == "POST" || method == "HEAD";
    case 5:
      return method == "PATCH";
    case 6:
      return method == "DELETE";
    case 7:
      return method == "OPTIONS";
    default:
      return false;
  }
}

// method SP request-target SP HTTP-version CRLF (RFC 9112 section 3). As with fields, form comes
// before meaning.
Fault parse_request_line(const char*& at, const char* end, RequestHead& head) {
  constexpr std::ptrdiff_t kVersionBytes = 10;  // HTTP/1.1 CR LF
  const char* const method_end = skip_class(kTokenCharacter, at, end);
  if (method_end == at || method_end == end || *method_end != ' ') {
    return malformed("the request line does not begin with a method");
  }
  const char* const target = method_end + 1;
  const char* const target_end = skip_class(kTargetCharacter, target, end);
  if (target_end == target || target_end == end || *target_end != ' ') {
    return malformed("the request target is missing or contains invalid characters");
  }
  const char* const version = target_end + 1;
  if (end - version < kVersionBytes || std::memcmp(version, "HTTP/", 5) != 0 ||
      !is_digit(version[5]) || version[6] != '.' || !is_digit(version[7]) || version[8] != '\r' ||
      version[9] != '\n') {
    return malformed("the request line does not end with an HTTP version");
  }
  if (version[5] != '1' || version[7] > '1') {
    return {ErrorKind::kVersionNotSupported, "the HTTP version is not supported; use 1.1 or 1.0"};
  }
  head.method = {at, static_cast<std::size_t>(method_end - at)};
  head.target = {target, static_cast<std::size_t>(target_end - target)};
  head.version = version[7] == '0' ? Version::kHttp10 : Version::kHttp11;
  at = version + kVersionBytes;
  if (!is_served(head.method)) return {ErrorKind::kNotImplemented, "the method is not supported"};
  if (*target != '/' && !(head.target == "*" && head.method == "OPTIONS")) {
    return malformed("the request target is not a path");
  }
  return {};
}

Fault finish(const Directives& directives, RequestHead& head) {
  if (head.version == Version::kHttp11 && !directives.has_host) {
    return malformed("the Host field is missing");
  }
  head.keep_alive = decide_keep_alive(head.version, directives);
  // An HTTP/1.0 client does not know 100 (RFC 9110 section 10.1.1).
  head.expects_continue = directives.expects_continue && head.version == Version::kHttp11;
  return decide_framing(head.version, directives, head.framing);
}

Error error_of(const Fault& fault) {
  Error error = Error::client(fault.kind, fault.message);
  if (fault.kind == ErrorKind::kHeadTooLarge) error.limit = Limit::kHeaderBytes;
  if (fault.kind == ErrorKind::kTooManyFields) error.limit = Limit::kHeaderFields;
  return error;
}

}  // namespace

Result<Parsed> parse_request_head(std::string_view buffer, std::size_t scanned,
                                  const HeadLimits& limits, RequestHead& head) {
  Directives directives;
  Walk walk = walk_head(
      buffer, scanned, Direction::kRequest, limits, head.fields, directives,
      [&head](const char*& at, const char* end) { return parse_request_line(at, end, head); });
  if (walk.head_bytes > 0) walk.fault = finish(directives, head);
  if (walk.fault) return failure(error_of(walk.fault));
  return Parsed{walk.head_bytes};
}

}  // namespace penstock::http
