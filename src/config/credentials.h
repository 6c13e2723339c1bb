#pragma once

// Which settings are credentials of the operator's, and what of them must not get out.

#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/secret_guard.h"

namespace penstock::config {

// Whether a header or query parameter that is sent with every request is a credential: where its
// name says so (config/forward_headers.h), or where its value, a scheme such as `Token` aside,
// looks like a key and the name is not known to mean something else. `anthropic-version:
// 2023-06-01` is none, and stands in answers.
bool is_credential(std::string_view name, const Secret& value);

// Whether a call to the provider's base_url shows a credential of the operator's.
bool has_credential(const Provider& provider);

// The guard of everything that is one: keys of providers and of callers, headers, query parameters;
// of `Bearer KEY` the key, of `Basic …` what it stands for as well.
SecretGuard guard_credentials(const Settings& settings);

}  // namespace penstock::config
