#pragma once

// OriginPools: one thread's connections to the upstreams of one provider, one pool for each origin.
//
// Providers of successive configurations share them for as long as the connections stay the same
// (config::has_same_connections), so that a reload closes none. What the connections need belongs
// to this object: the TLS context, and the limit for all threads.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "config/proxies.h"
#include "config/url.h"
#include "http/proxy_connector.h"
#include "http/upstream_limit.h"
#include "http/upstream_pool.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/tls_context.h"

namespace penstock::providers {

class OriginPools {
 public:
  struct Environment {
    net::EventLoop& loop;  // it, the connector and the scratch outlive the pools
    net::Connector& connector;
    http::ScratchPool& scratch;
    std::optional<net::TlsContext> tls = {};               // none: only plain connections
    std::shared_ptr<http::UpstreamLimit> limit = nullptr;  // null: none
    config::Proxies proxies = {};
    std::optional<net::TlsContext> proxy_tls = {};  // none: no proxy has https://
  };
  explicit OriginPools(Environment environment);
  OriginPools(const OriginPools&) = delete;
  OriginPools& operator=(const OriginPools&) = delete;

  // Those of all pools, from now on. Their `all_threads` is always the environment's limit.
  void set_limits(http::PoolLimits limits);
  // The pool of an URL's origin, which is made if there is none.
  http::UpstreamPool& pool_of(const config::Url& url);
  // A pool that serves no other call.
  std::unique_ptr<http::UpstreamPool> separate_pool(const config::Url& url, net::AddressRule rule,
                                                    net::Asker named_by) const;
  std::size_t size() const { return pools_.size(); }

  // Closes the connections that have rested for too long; returns how many still rest.
  std::size_t close_expired();
  // Closes all that rest.
  void close_idle();

 private:
  struct OriginPool {
    config::Url origin;
    std::unique_ptr<http::UpstreamPool> pool;
  };

  std::unique_ptr<http::UpstreamPool> make(const config::Url& url, net::AddressRule rule,
                                           net::Asker named_by,
                                           const http::PoolLimits& limits) const;

  std::unique_ptr<http::ProxyConnector> through(
      const std::optional<config::ForwardProxy>& proxy) const;
  net::Connector& connector_to(const config::Url& url) const;

  const Environment environment_;
  const std::unique_ptr<http::ProxyConnector> http_proxy_;   // null: none
  const std::unique_ptr<http::ProxyConnector> https_proxy_;  // null: none
  http::PoolLimits limits_;
  std::vector<OriginPool> pools_;
};

}  // namespace penstock::providers
