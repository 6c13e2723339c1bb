#include "config/proxies.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/url.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::string_view kSchemeMark = "://";

std::unexpected<Error> refused_proxy(std::string_view why) {
  return failure(Error::client(ErrorKind::kInvalidRequest, std::string(why)));
}

// RFC 7617 section 2: the user's name has no colon, neither has control characters.
Result<Secret> credentials_of(std::string_view user_information) {
  const std::size_t colon = std::min(user_information.find(':'), user_information.size());
  const auto user = percent_decode(user_information.substr(0, colon));
  const auto password =
      percent_decode(user_information.substr(std::min(colon + 1, user_information.size())));
  if (!user || !password) {
    return refused_proxy("a percent sign in the user's name or the password is written %25");
  }
  if (user->contains(':')) return refused_proxy("the user's name must not contain a colon");
  std::string both = *user + ":" + *password;
  if (has_control_character(both)) {
    return refused_proxy("user's name and password must not contain control characters");
  }
  return Secret(std::move(both));
}

}  // namespace

const ForwardProxy* Proxies::of(const Url& url) const {
  const std::optional<ForwardProxy>& proxy = url.tls ? https : http;
  if (!proxy || !url.socket.empty()) return nullptr;
  const bool is_direct =
      std::ranges::any_of(no_proxy, [&](const NoProxy& entry) { return entry.covers(url); });
  return is_direct ? nullptr : &*proxy;
}

Result<ForwardProxy> parse_proxy(std::string_view text) {
  if (starts_with_ignoring_case(text, "socks")) {
    return refused_proxy("SOCKS is not supported; name an HTTP proxy, as http://host:port");
  }
  ForwardProxy proxy;
  std::string plain(text);
  const std::size_t mark = plain.find(kSchemeMark);
  const std::size_t begin = mark == std::string::npos ? 0 : mark + kSchemeMark.size();
  const std::size_t end = std::min(plain.find_first_of("/?#", begin), plain.size());
  const std::size_t at = std::string_view(plain).substr(0, end).rfind('@');
  if (at != std::string::npos && at >= begin) {
    auto credentials = credentials_of(std::string_view(plain).substr(begin, at - begin));
    if (!credentials) return failure(std::move(credentials.error()));
    proxy.credentials = std::move(*credentials);
    plain.erase(begin, at + 1 - begin);
  }
  auto url = parse_url(plain);
  if (!url) return failure(std::move(url.error()));
  if (!url->path.empty()) return refused_proxy("a proxy's URL has no path");
  proxy.url = std::move(*url);
  return proxy;
}

}  // namespace penstock::config
