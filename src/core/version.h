#pragma once

// The version of this build; CMake's project() is where it is written down.

#include <string_view>

namespace penstock {

inline constexpr std::string_view kVersion = PENSTOCK_VERSION;

}  // namespace penstock
