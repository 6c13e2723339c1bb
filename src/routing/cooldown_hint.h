#pragma once

// How long an upstream asks to be left alone, in the dialects that upstreams speak.
//
// The first of these that an answer has counts: retry-after-ms, x-ms-retry-after-ms, retry-after
// (seconds or a date, RFC 9110 section 10.2.3), anthropic-ratelimit-*-reset,
// anthropic-ratelimit-unified-reset, x-ratelimit-reset-*, x-ratelimit-reset, ratelimit-reset and
// ratelimit, then what the body says. What is negative, past or not a number is ignored.

#include <chrono>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "routing/failure.h"

namespace penstock::routing {

// Of an answer that is no success. Not yet within CooldownRules::min and max. `text` is its body;
// empty: it is not asked.
std::optional<std::chrono::nanoseconds> cooldown_hint(const FieldOf& field, std::string_view text,
                                                      WallTime now);

// Of a success: until when nothing remains of what the upstream counts, if it says that nothing
// does.
std::optional<std::chrono::nanoseconds> nothing_remains(const FieldOf& field, WallTime now);

}  // namespace penstock::routing
