#pragma once

// From a provider's settings to the TLS context of its connections.

#include "config/settings.h"
#include "core/result.h"
#include "net/tls_context.h"

namespace penstock::app {

// Fails with kInternal; the message names the provider and the file.
Result<net::TlsContext> upstream_tls(const config::Provider& provider);

}  // namespace penstock::app
