#include "providers/origin_pools.h"

#include <algorithm>
#include <utility>

namespace penstock::providers {
namespace {

bool has_same_origin(const config::Url& a, const config::Url& b) {
  return a.tls == b.tls && a.port == b.port && a.host == b.host && a.socket == b.socket;
}

}  // namespace

OriginPools::OriginPools(Environment environment)
    : environment_(std::move(environment)),
      http_proxy_(through(environment_.proxies.http)),
      https_proxy_(through(environment_.proxies.https)) {
  limits_.all_threads = environment_.limit.get();
}

std::unique_ptr<http::ProxyConnector> OriginPools::through(
    const std::optional<config::ForwardProxy>& proxy) const {
  if (!proxy) return nullptr;
  const bool is_secure = proxy->url.tls && environment_.proxy_tls;
  net::Destination destination{.host = proxy->url.host,
                               .port = proxy->url.port,
                               .tls = is_secure ? &*environment_.proxy_tls : nullptr};
  return std::make_unique<http::ProxyConnector>(environment_.loop, environment_.connector,
                                                std::move(destination), proxy->credentials);
}

net::Connector& OriginPools::connector_to(const config::Url& url) const {
  if (environment_.proxies.of(url) == nullptr) return environment_.connector;
  return url.tls ? *https_proxy_ : *http_proxy_;
}

void OriginPools::set_limits(http::PoolLimits limits) {
  limits.all_threads = environment_.limit.get();
  limits_ = limits;
  for (const OriginPool& each : pools_) each.pool->set_limits(limits_);
}

http::UpstreamPool& OriginPools::pool_of(const config::Url& url) {
  const auto found = std::ranges::find_if(
      pools_, [&](const OriginPool& each) { return has_same_origin(each.origin, url); });
  if (found != pools_.end()) return *found->pool;
  pools_.push_back(
      {.origin = url, .pool = make(url, net::AddressRule::kAny, net::Asker::kOperator, limits_)});
  return *pools_.back().pool;
}

std::unique_ptr<http::UpstreamPool> OriginPools::separate_pool(const config::Url& url,
                                                               net::AddressRule rule,
                                                               net::Asker named_by) const {
  return make(url, rule, named_by, {});
}

std::unique_ptr<http::UpstreamPool> OriginPools::make(const config::Url& url, net::AddressRule rule,
                                                      net::Asker named_by,
                                                      const http::PoolLimits& limits) const {
  const net::Destination destination{
      .host = url.host,
      .port = url.port,
      .tls = url.tls && environment_.tls ? &*environment_.tls : nullptr,
      .rule = rule,
      .named_by = named_by,
      .socket = url.socket};
  return std::make_unique<http::UpstreamPool>(environment_.loop, connector_to(url),
                                              environment_.scratch, destination, limits);
}

std::size_t OriginPools::close_expired() {
  std::size_t resting = 0;
  for (const OriginPool& each : pools_) resting += each.pool->close_expired();
  return resting;
}

void OriginPools::close_idle() {
  for (const OriginPool& each : pools_) each.pool->close_idle();
}

}  // namespace penstock::providers
