#pragma once

// Dates and times of the configuration and of the administration API, in UTC.

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace penstock::config {

// A date (the moment at which it begins, in UTC): `2027-01-01`; or a time of RFC 3339, with its
// offset: `2027-01-01T12:00:00Z`, `2027-01-01T12:00:00.5+02:00`. Nullopt for anything else, and for
// years outside 1970 to 2199.
std::optional<WallTime> parse_time(std::string_view text);

// What a message says of any other text.
inline constexpr std::string_view kTimeExpected =
    "expected a date such as 2027-01-01, or a time such as 2027-01-01T12:00:00Z";

// As it is read, exactly: the date alone at midnight, and a fraction of a second only if there is
// one.
std::string time_text(WallTime time);

}  // namespace penstock::config
