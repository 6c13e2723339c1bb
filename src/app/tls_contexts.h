#pragma once

// From settings to TLS contexts. Both fail with kInternal; the message names the file.

#include <optional>

#include "config/settings.h"
#include "core/result.h"
#include "net/tls_context.h"

namespace penstock::app {

// Of clients' connections; the server has a certificate.
Result<net::TlsContext> tls_context_of(const config::Server& server);
// Of the connections to a provider, which the message names too.
Result<net::TlsContext> tls_context_of(const config::Provider& provider);
// Of the connections to its proxies; nullopt if none has https://.
Result<std::optional<net::TlsContext>> proxy_tls_of(const config::Provider& provider);

}  // namespace penstock::app
