#include "config/upstream_identity.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace penstock::config {
namespace {

// Headers, or query parameters: names with secrets.
template <class Entry>
bool are_equal(const std::vector<Entry>& a, const std::vector<Entry>& b) {
  return std::ranges::equal(a, b, [](const Entry& left, const Entry& right) {
    return left.name == right.name && left.value.equals(right.value.reveal());
  });
}

// The bindings name every member, so that another one does not compile until it is compared.
auto values_of(const UpstreamTls& tls) {
  const auto& [verify, ca_file, min_version, ciphers, client_cert, client_key] = tls;
  return std::tie(verify, ca_file, min_version, ciphers, client_cert, client_key);
}

auto values_of(const ConnectionLimits& limits) {
  const auto& [max_connections, max_keepalive, keepalive_expiry, max_waiting] = limits;
  return std::tie(max_connections, max_keepalive, keepalive_expiry, max_waiting);
}

bool are_equal(const std::optional<ForwardProxy>& a, const std::optional<ForwardProxy>& b) {
  if (!a || !b) return !a && !b;
  return a->url == b->url && a->credentials.equals(b->credentials.reveal());
}

bool are_equal(const Proxies& a, const Proxies& b) {
  const auto& [http, https, no_proxy, ca_file] = a;
  return are_equal(http, b.http) && are_equal(https, b.https) && no_proxy == b.no_proxy &&
         ca_file == b.ca_file;
}

}  // namespace

bool is_same_upstream(const Provider& a, const Provider& b) {
  return a.id == b.id && a.base_url == b.base_url && a.base_path == b.base_path &&
         a.messages_url == b.messages_url && a.auth == b.auth &&
         a.messages_auth == b.messages_auth && a.api_key.equals(b.api_key.reveal()) &&
         are_equal(a.headers, b.headers) && are_equal(a.query, b.query) && a.listing == b.listing;
}

bool has_same_connections(const Provider& a, const Provider& b) {
  return is_same_upstream(a, b) && values_of(a.tls) == values_of(b.tls) &&
         are_equal(a.proxies, b.proxies) &&
         values_of(a.connection_limits) == values_of(b.connection_limits);
}

}  // namespace penstock::config
