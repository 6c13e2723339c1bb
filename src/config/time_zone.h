#pragma once

// Names of time zones, as the system's copy of the IANA database has them.

#include <string_view>

namespace penstock::config {

inline constexpr std::string_view kUtc = "UTC";

// Whether there is such a zone: `Europe/Berlin`. UTC is always there; others are files below
// /usr/share/zoneinfo, of which one is looked at. A name never leads out of that folder.
bool is_time_zone(std::string_view name);

}  // namespace penstock::config
