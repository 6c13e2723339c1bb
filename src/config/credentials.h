#pragma once

// Which settings are the operator's credentials, and which parts of them must not leak.

#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/secret_guard.h"

namespace penstock::config {

// Whether a header or query parameter that is sent with every request is a credential: by its name
// (config/forward_headers.h), or because its value, without a scheme such as `Token`, looks like a
// key and the name is not known to mean something else. `anthropic-version: 2023-06-01` is not one,
// and occurs in answers.
bool is_credential(std::string_view name, const Secret& value);

// Whether calls to the provider's base_url carry a credential of the operator's.
bool has_credential(const Provider& provider);

// The guard of all credentials: keys of providers and of callers, headers, query parameters; for
// `Bearer KEY` the key, for `Basic …` also what it encodes.
SecretGuard guard_credentials(const Settings& settings);

}  // namespace penstock::config
