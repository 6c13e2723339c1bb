#pragma once

// The provider data of a request, from whichever of its two header names the client uses.

#include <optional>

#include "core/json_reader.h"
#include "core/result.h"
#include "http/head.h"
#include "providers/provider_data.h"

namespace penstock::gateway {

// Nullopt if the request has neither X-OGX-Provider-Data nor X-LlamaStack-Provider-Data; the first
// has precedence. Fails with kInvalidRequest.
Result<std::optional<providers::ProviderData>> caller_data(const http::Fields& fields,
                                                           const JsonBounds& bounds);

}  // namespace penstock::gateway
