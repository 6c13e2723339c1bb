#include "config/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // RFC 1035 section 3.1
constexpr std::size_t kLabelBytesMax = 63;  // RFC 1035 section 2.3.4
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

// The message never repeats the URL: one with user information would show a password.
std::unexpected<Error> refused(std::string_view why) {
  return failure(Error::client(ErrorKind::kInvalidRequest, std::string(why)));
}

bool is_alphanumeric(char c) {
  return is_letter(c) || is_digit(c);
}

bool is_host_byte(char c) {
  return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
}

// RFC 3986 section 3.3: pchar without percent-encoding, and the slash.
bool is_path_byte(char c) {
  return is_alphanumeric(c) ||
         std::string_view("-._~!$&'()*+,;=:@/").find(c) != std::string_view::npos;
}

// The form of a host before a port.
std::string in_brackets(const std::string& host) {
  return host.find(':') != std::string::npos ? fmt::format("[{}]", host) : host;
}

std::uint16_t default_port(bool tls) {
  return tls ? kHttpsPort : kHttpPort;
}

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         equals_ignoring_case(text.substr(text.size() - end.size()), end);
}

// Resolvers read `127.1`, `0x7f000001` and `017700000001` as addresses; only the usual form may
// end in a number.
bool is_ambiguous_address(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  const bool is_number = std::all_of(last.begin(), last.end(), is_digit);
  if (!is_number && !starts_with_ignoring_case(last, "0x")) return false;
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) != 1;
}

Result<std::string> parse_name(std::string_view host) {
  if (host.empty()) return refused("there is no host");
  if (host.size() > kHostBytesMax || !std::all_of(host.begin(), host.end(), is_host_byte)) {
    return refused("the host is not a host name or an IP address");
  }
  for (std::string_view rest = host; true;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty() || label.size() > kLabelBytesMax) {
      return refused("the host has a part that is empty or too long");
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (is_ambiguous_address(host)) {
    return refused("the host looks like an IP address, but is not in the usual notation");
  }
  return lower_case(host);
}

// The one textual form of an IPv6 address, so that equal addresses compare equal (RFC 5952).
Result<std::string> parse_ipv6(std::string_view text) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) {
    return refused("the host is not an IPv6 address");
  }
  std::array<char, INET6_ADDRSTRLEN> form{};
  ::inet_ntop(AF_INET6, &address, form.data(), form.size());
  return std::string(form.data());
}

Status parse_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return refused("a URL must not contain a user name or a password");
  }
  Result<std::string> host;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return refused("the host has no closing bracket");
    host = parse_ipv6(authority.substr(1, end - 1));
    rest = authority.substr(end + 1);
  } else {
    const std::size_t end = std::min(authority.find(':'), authority.size());
    host = parse_name(authority.substr(0, end));
    rest = authority.substr(end);
  }
  if (!host) return failure(std::move(host.error()));
  url.host = std::move(*host);
  if (rest.empty()) return {};
  const auto port = rest.starts_with(':') ? parse_decimal(rest.substr(1)) : std::nullopt;
  if (!port || *port < 1 || *port > 65535) {
    return refused("the port is not a number from 1 to 65535");
  }
  url.port = static_cast<std::uint16_t>(*port);
  return {};
}

Status parse_path(std::string_view path, Url& url) {
  if (path.find_first_of("?#") != std::string_view::npos) {
    return refused(
        "a base URL must not have a query or a fragment; to send parameters with every "
        "request, set `query` beside base_url");
  }
  const bool clean =
      std::all_of(path.begin(), path.end(), [](char c) { return is_path_byte(c) || c == '%'; });
  const std::optional<std::string> decoded = percent_decode(path);
  if (!clean || !decoded) return refused("the path contains bytes that must be percent-encoded");
  // They could lead out of the configured path.
  if (has_dot_segment(*decoded)) return refused("the path must not contain `.` or `..` segments");
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = std::string(path);
  return {};
}

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttpUnix = "http+unix://";
constexpr std::string_view kUnix = "unix:";
// Of sockaddr_un, whose path ends in a zero (unix(7)).
constexpr std::size_t kSocketPathBytesMax = 107;

bool leads_to_socket(std::string_view text) {
  if (starts_with_ignoring_case(text, kHttpUnix) || text.starts_with(kUnix)) return true;
  return starts_with_ignoring_case(text, kHttp) && text.substr(kHttp.size()).starts_with(kUnix);
}

// `//run/x.sock`, as in a URL with an empty host, is the path /run/x.sock.
std::string_view with_one_slash(std::string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

Result<Url> parse_socket_url(std::string_view text) {
  Url url{.host = "localhost", .port = kHttpPort, .path = {}};
  std::string_view path;
  if (starts_with_ignoring_case(text, kHttpUnix)) {
    text.remove_prefix(kHttpUnix.size());
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    url.socket = percent_decode(text.substr(0, end)).value_or(std::string());
    path = text.substr(end);
  } else {
    text.remove_prefix(text.find(kUnix) + kUnix.size());
    const std::size_t end = std::min(text.find(':'), text.size());
    url.socket = with_one_slash(text.substr(0, end));
    path = text.substr(std::min(end + 1, text.size()));
  }
  if (Status status = check_socket_path(url.socket); !status) return failure(status.error());
  if (!path.empty() && !path.starts_with('/')) {
    return refused("the path of the API must begin with a slash");
  }
  if (Status status = parse_path(path, url); !status) return failure(status.error());
  return url;
}

}  // namespace

Status check_socket_path(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/') || has_control_character(path)) {
    return refused(
        "expected the absolute path of a socket, as in http+unix://%2Frun%2Fx.sock/v1 or "
        "unix:/run/x.sock");
  }
  if (path.size() <= kSocketPathBytesMax) return {};
  return refused("the path of a socket has at most 107 bytes");
}

std::string_view socket_of_host(std::string_view host) {
  if (!host.starts_with(kUnix)) return {};
  return with_one_slash(host.substr(kUnix.size()));
}

Result<std::string> parse_host(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return parse_name(text);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (auto address = parse_ipv6(text)) return address;
  return refused("expected a host name or an IP address alone, without scheme and port");
}

Result<CallerUrlHost> parse_caller_url_host(std::string_view text) {
  CallerUrlHost entry;
  const bool is_bracketed = text.starts_with('[');
  const std::size_t colon = text.rfind(':');
  // An IPv6 address without brackets contains colons, and has no port.
  const bool has_port =
      colon != std::string_view::npos &&
      (is_bracketed ? colon > 0 && text[colon - 1] == ']' : text.find(':') == colon);
  if (has_port) {
    const std::string_view port = text.substr(colon + 1);
    const auto number = parse_decimal(port);
    if (port == "*") {
      entry.ports = CallerUrlHost::Ports::kAny;
    } else if (number && *number >= 1 && *number <= 65535) {
      entry.ports = CallerUrlHost::Ports::kOne;
      entry.port = static_cast<std::uint16_t>(*number);
    } else {
      return refused(
          "expected a host, or host:port with a port from 1 to 65535 or `*`; no scheme and no "
          "path");
    }
    text = text.substr(0, colon);
  }
  auto host = parse_host(text);
  if (!host) return failure(std::move(host.error()));
  entry.host = std::move(*host);
  return entry;
}

bool CallerUrlHost::allows(const Url& url) const {
  if (url.host != host) return false;
  switch (ports) {
    case Ports::kOfScheme:
      return url.port == default_port(url.tls);
    case Ports::kOne:
      return url.port == port;
    case Ports::kAny:
      return true;
  }
  return false;
}

std::string CallerUrlHost::text() const {
  switch (ports) {
    case Ports::kOfScheme:
      return host;
    case Ports::kOne:
      return fmt::format("{}:{}", in_brackets(host), port);
    case Ports::kAny:
      return in_brackets(host) + ":*";
  }
  return host;
}

std::string Url::authority() const {
  std::string result = in_brackets(host);
  if (port != default_port(tls)) result += fmt::format(":{}", port);
  return result;
}

std::string Url::text() const {
  if (!socket.empty()) return fmt::format("{}{}{}", kHttpUnix, percent_encode(socket), path);
  return fmt::format("{}://{}{}", tls ? "https" : "http", authority(), path);
}

Result<Url> parse_url(std::string_view text, Ways ways) {
  if (leads_to_socket(text)) {
    if (ways == Ways::kTcpAndSockets) return parse_socket_url(text);
    return refused("a unix socket cannot be named here");
  }
  Url url;
  url.tls = starts_with_ignoring_case(text, kHttps);
  if (!url.tls && !starts_with_ignoring_case(text, kHttp)) {
    return refused("a URL must begin with http:// or https://");
  }
  url.port = default_port(url.tls);
  text.remove_prefix(url.tls ? kHttps.size() : kHttp.size());
  const std::size_t authority_bytes = std::min(text.find_first_of("/?#"), text.size());
  if (auto status = parse_authority(text.substr(0, authority_bytes), url); !status) {
    return failure(std::move(status.error()));
  }
  if (auto status = parse_path(text.substr(authority_bytes), url); !status) {
    return failure(std::move(status.error()));
  }
  return url;
}

Result<Url> parse_base_url(std::string_view text, BasePath base_path, Ways ways) {
  Result<Url> url = parse_url(text, ways);
  if (!url) return url;
  // Longer ones first. `/models` alone is the base of some services.
  constexpr std::array kEndpoints = std::to_array<std::string_view>({"/chat/completions",
                                                                     "/completions",
                                                                     "/embeddings",
                                                                     "/responses",
                                                                     "/messages/count_tokens",
                                                                     "/messages/batches",
                                                                     "/messages",
                                                                     "/v1/models",
                                                                     "/audio/speech",
                                                                     "/audio/transcriptions",
                                                                     "/audio/translations",
                                                                     "/images/generations",
                                                                     "/images/edits",
                                                                     "/images/variations",
                                                                     "/moderations",
                                                                     "/rerank",
                                                                     "/v1/files",
                                                                     "/v1/batches",
                                                                     "/v1/chat",
                                                                     "/conversations",
                                                                     "/realtime",
                                                                     "/assistants",
                                                                     "/threads",
                                                                     "/vector_stores",
                                                                     "/fine_tuning/jobs",
                                                                     "/tokenize",
                                                                     "/detokenize",
                                                                     "/api/chat",
                                                                     "/api/generate",
                                                                     "/api/tags",
                                                                     ":generateContent",
                                                                     ":streamGenerateContent"});
  for (const std::string_view endpoint : kEndpoints) {
    if (!ends_with_ignoring_case(url->path, endpoint)) continue;
    const std::string_view named = endpoint.starts_with("/v1/") ? endpoint.substr(3) : endpoint;
    return refused(
        fmt::format("the path ends with `{0}`, which belongs to one endpoint; remove "
                    "`{0}`: the gateway appends each endpoint's path",
                    named));
  }
  if (base_path == BasePath::kEndsInV1 && !url->path.ends_with("/v1")) url->path += "/v1";
  return url;
}

}  // namespace penstock::config
