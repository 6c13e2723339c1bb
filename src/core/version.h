#pragma once

// The version of this build, as set by CMake's project().

#include <string_view>

namespace penstock {

inline constexpr std::string_view kVersion = PENSTOCK_VERSION;

}  // namespace penstock
