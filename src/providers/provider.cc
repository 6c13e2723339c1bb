#include "providers/provider.h"

#include "providers/callers_upstream.h"
#include "providers/configured_upstream.h"

namespace penstock::providers {

Provider::Provider(const config::Provider& settings, const config::Server& server,
                   const Environment& environment)
    : settings_(settings),
      server_(server),
      environment_(environment),
      timeouts_(config::with_first_byte_bounded(
          config::effective_timeouts(server.timeouts, settings.timeouts))) {}

std::unique_ptr<http::UpstreamPool> Provider::make_pool(const config::Url& url,
                                                        net::AddressRule rule, net::Asker named_by,
                                                        const http::PoolLimits& limits) const {
  const net::Destination destination{.host = url.host,
                                     .port = url.port,
                                     .tls = url.tls ? environment_.tls : nullptr,
                                     .rule = rule,
                                     .named_by = named_by};
  return std::make_unique<http::UpstreamPool>(environment_.loop, environment_.connector,
                                              environment_.scratch, destination, limits);
}

std::unique_ptr<Provider> make_provider(const config::Provider& settings,
                                        const config::Server& server,
                                        const Provider::Environment& environment) {
  if (settings.base_url) {
    return std::make_unique<ConfiguredUpstream>(settings, server, environment);
  }
  return std::make_unique<CallersUpstream>(settings, server, environment);
}

}  // namespace penstock::providers
