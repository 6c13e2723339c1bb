#pragma once

// APIs that clients know and this server does not serve: a 404 names them.

#include <optional>
#include <string>
#include <string_view>

namespace penstock::gateway {

// "the Files API is not served; …" for a path of such an API; empty for any other path.
std::string unserved_api(std::string_view path);

}  // namespace penstock::gateway
