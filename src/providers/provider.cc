#include "providers/provider.h"

#include "providers/callers_upstream.h"
#include "providers/configured_upstream.h"

namespace penstock::providers {

Provider::Provider(const config::Provider& settings, const config::Server& server)
    : settings_(settings),
      connect_timeout_(settings.connect_timeout.value_or(server.timeouts.connect)),
      first_byte_timeout_(settings.read_timeout.value_or(server.timeouts.first_byte)),
      between_bytes_timeout_(settings.read_timeout.value_or(server.timeouts.between_bytes)) {}

std::unique_ptr<Provider> make_provider(const config::Provider& settings,
                                        const config::Server& server,
                                        const Provider::Environment& environment) {
  if (settings.base_url) {
    return std::make_unique<ConfiguredUpstream>(settings, server, environment);
  }
  return std::make_unique<CallersUpstream>(settings, server, environment);
}

}  // namespace penstock::providers
