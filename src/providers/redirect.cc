#include "providers/redirect.h"

#include <algorithm>

#include "config/url.h"
#include "core/text.h"

namespace penstock::providers {
namespace {

constexpr std::size_t kShownBytesMax = 256;

Error refused(int status, std::string_view why) {
  return Error::upstream(ErrorKind::kUpstreamRedirect, RetryClass::kNever,
                         "the upstream answered with a redirect (status " + std::to_string(status) +
                             ") that is not followed: " + std::string(why) +
                             ". The operator must correct the provider's base_url");
}

// Empty if there is none, or more than one.
std::string_view location_of(const http::ResponseHead& head) {
  std::string_view found;
  for (const http::Field& field : head.fields) {
    if (field.known_name != http::FieldName::kLocation) continue;
    if (!found.empty()) return {};
    found = field.value;
  }
  return found;
}

bool has_scheme(std::string_view location) {
  const std::size_t colon = location.find(':');
  return colon != std::string_view::npos && colon < location.find_first_of("/?#");
}

// A path without its `.` and `..` segments (RFC 3986 section 5.2.4).
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const bool is_dots = segment == "." || segment == "..";
    if (segment == "..") out.resize(std::min(out.rfind('/'), out.size()));
    if (!is_dots) out.append("/").append(segment);
    if (is_dots && path.empty()) out.push_back('/');
  }
  return out.append(path);
}

// Of "scheme://authority/path", the path's beginning.
std::size_t path_begin(std::string_view absolute) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = absolute.find(kMark);
  if (mark == std::string_view::npos) return absolute.size();
  return std::min(absolute.find('/', mark + kMark.size()), absolute.size());
}

// A query in visible ASCII, with its question mark.
bool is_query(std::string_view query) {
  return std::ranges::all_of(query, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

Result<std::string> redirect_target(const http::ResponseHead& head, const config::Url& url,
                                    std::string_view asked) {
  const int status = head.status;
  if (status != 307 && status != 308) return failure(refused(status, "only 307 and 308 are"));
  std::string_view location = location_of(head);
  location = location.substr(0, location.find('#'));
  if (location.empty()) return failure(refused(status, "it names no address, or several"));
  const std::size_t query_at = std::min(location.find('?'), location.size());
  const std::string_view query = location.substr(query_at);
  location = location.substr(0, query_at);
  const std::string origin = config::Url{url.tls, url.host, url.port, {}}.text();
  std::string absolute;
  if (has_scheme(location)) {
    absolute = location;
  } else if (location.starts_with("//")) {
    absolute = (url.tls ? "https:" : "http:") + std::string(location);
  } else if (location.starts_with('/')) {
    absolute = origin + std::string(location);
  } else {
    // Relative to the folder of the requested target (RFC 3986 section 5.2.3).
    asked = asked.substr(0, asked.find('?'));
    if (!location.empty()) asked = asked.substr(0, asked.rfind('/') + 1);
    absolute = origin + std::string(asked) + std::string(location);
  }
  const std::size_t path_at = path_begin(absolute);
  absolute = absolute.substr(0, path_at).append(without_dot_segments(absolute.substr(path_at)));
  // parse_url() applies the rules of a base URL's path, and drops the slash that matters here.
  const Result<config::Url> parsed = config::parse_url(absolute);
  if (!parsed || !is_query(query)) {
    return failure(refused(status, "it leads to an address that is not an http URL"));
  }
  if (parsed->tls != url.tls || parsed->host != url.host || parsed->port != url.port) {
    return failure(refused(status, "it leads to another scheme, host or port"));
  }
  std::string target = parsed->path;
  if (target.empty() || absolute.ends_with('/')) target.push_back('/');
  return target.append(query);
}

std::string redirect_address(const http::ResponseHead& head) {
  std::string_view location = location_of(head);
  location = location.substr(0, std::min(location.find_first_of("?#"), kShownBytesMax));
  if (location.empty()) return "no address";
  // As far as a user name and a password may reach.
  const std::size_t user_end = location.rfind('@');
  if (user_end == std::string_view::npos) return std::string(location);
  return "********" + std::string(location.substr(user_end));
}

Error too_many_redirects(int status) {
  return refused(status, "it has been followed twice before");
}

}  // namespace penstock::providers
