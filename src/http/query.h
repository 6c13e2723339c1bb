#pragma once

// The query of a request target (RFC 3986 section 3.4), as parameters of a form.

#include <optional>
#include <string>
#include <string_view>

namespace penstock::http {

// The value of the last parameter of that name, decoded; nullopt if there is none. A value whose
// percent-encoding is broken is returned as it is.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace penstock::http
