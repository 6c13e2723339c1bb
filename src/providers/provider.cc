#include "providers/provider.h"

#include <utility>

#include "providers/callers_upstream.h"
#include "providers/configured_upstream.h"

namespace penstock::providers {

Provider::Provider(const config::Provider& settings, const config::Server& server,
                   Environment environment)
    : settings_(settings),
      server_(server),
      environment_(std::move(environment)),
      timeouts_(config::with_first_byte_bounded(
          config::effective_timeouts(server.timeouts, settings.timeouts))) {}

std::unique_ptr<Provider> make_provider(const config::Provider& settings,
                                        const config::Server& server,
                                        Provider::Environment environment) {
  if (settings.base_url) {
    return std::make_unique<ConfiguredUpstream>(settings, server, std::move(environment));
  }
  return std::make_unique<CallersUpstream>(settings, server, std::move(environment));
}

}  // namespace penstock::providers
