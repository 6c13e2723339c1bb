#pragma once

// Paths that no route knows, under a provider's prefix (/p/ID/).
//
// They pass if the operator has allowed it (any_path: true), and if no program on the way could
// read them as another path: the operator's key goes with them.

#include <string_view>

#include "config/settings.h"
#include "core/result.h"

namespace penstock::gateway {

// Errors: kNotFound if the provider does not allow it; kInvalidRequest for a path with encoded
// separators or dots, encoded once or twice, or with parameters of a segment.
Status check_any_path(std::string_view path, const config::Provider& provider);

}  // namespace penstock::gateway
