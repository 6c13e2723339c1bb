#include "providers/origin_pools.h"

#include <algorithm>
#include <utility>

namespace penstock::providers {
namespace {

bool has_same_origin(const config::Url& a, const config::Url& b) {
  return a.tls == b.tls && a.port == b.port && a.host == b.host;
}

}  // namespace

OriginPools::OriginPools(Environment environment) : environment_(std::move(environment)) {
  limits_.all_threads = environment_.limit.get();
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
      .named_by = named_by};
  return std::make_unique<http::UpstreamPool>(environment_.loop, environment_.connector,
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
