#pragma once

// Base64 (RFC 4648 section 4).

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

std::string base64_encoded(std::string_view bytes);

// Up to the first `=`. Nullopt if `text` has anything but digits before it.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace penstock
