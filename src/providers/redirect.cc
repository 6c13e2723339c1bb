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
                             ") " + std::string(why) +
                             "; it is not followed. The operator has to correct the provider's "
                             "base_url");
}

// Nothing where there is none, or more than one.
std::string_view location_of(const http::ResponseHead& head) {
  std::string_view found;
  for (const http::Field& field : head.fields) {
    if (!equals_ignoring_case(field.name, "location")) continue;
    if (!found.empty()) return {};
    found = field.value;
  }
  return found;
}

bool has_scheme(std::string_view location) {
  const std::size_t colon = location.find(':');
  return colon != std::string_view::npos && colon < location.find_first_of("/?#");
}

// A query in visible ASCII, with its question mark.
bool is_query(std::string_view query) {
  return std::ranges::all_of(query, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

Result<std::string> redirect_target(const http::ResponseHead& head, const config::Url& url,
                                    std::string_view asked) {
  const int status = head.status;
  if (status != 307 && status != 308) return failure(refused(status, "of another kind"));
  std::string_view location = location_of(head);
  location = location.substr(0, location.find('#'));
  if (location.empty()) return failure(refused(status, "that names no address"));
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
    // Relative to the folder of what was asked for (RFC 3986 section 5.2.3).
    asked = asked.substr(0, asked.find('?'));
    if (!location.empty()) asked = asked.substr(0, asked.rfind('/') + 1);
    absolute = origin + std::string(asked) + std::string(location);
  }
  // parse_url() keeps to the rules of a base URL's path, and drops the slash that this is about.
  const Result<config::Url> parsed = config::parse_url(absolute);
  if (!parsed || !is_query(query)) {
    return failure(refused(status, "to an address that is no http URL"));
  }
  if (parsed->tls != url.tls || parsed->host != url.host || parsed->port != url.port) {
    return failure(refused(status, "to another scheme, host or port"));
  }
  std::string target = parsed->path;
  if (target.empty() || absolute.ends_with('/')) target.push_back('/');
  return target.append(query);
}

std::string redirect_address(const http::ResponseHead& head) {
  const std::string_view location = location_of(head);
  return std::string(location.substr(0, std::min(location.find_first_of("?#"), kShownBytesMax)));
}

Error too_many_redirects(int status) {
  return refused(status, "again and again");
}

}  // namespace penstock::providers
