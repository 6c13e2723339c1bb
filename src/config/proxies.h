#pragma once

// The forward proxies through which an upstream is reached: `network.proxy` of a provider, or what
// the environment says.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.h"
#include "config/no_proxy.h"
#include "core/result.h"
#include "core/secret.h"

namespace penstock::config {

struct ForwardProxy {
  Url url;             // without a path; with `tls`, the proxy itself is reached over TLS
  Secret credentials;  // `user:password`, for Basic; empty: none

  // Without the credentials.
  std::string text() const { return url.text(); }
};

struct Proxies {
  std::optional<ForwardProxy> http;   // for upstreams with http://
  std::optional<ForwardProxy> https;  // for upstreams with https://
  std::vector<NoProxy> no_proxy;
  std::string ca_file;  // of proxies with https://; empty: the system's certificates

  bool empty() const { return !http && !https; }
  // The one for that URL; null: none.
  const ForwardProxy* of(const Url& url) const;
};

// `http://user:password@host:port`, or https, user and password percent-encoded. Without a port it
// is that of the scheme. Fails with kInvalidRequest; the message repeats nothing of the text.
Result<ForwardProxy> parse_proxy(std::string_view text);

}  // namespace penstock::config
