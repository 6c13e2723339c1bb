#pragma once

// What a client says about the time limits of its request.
//
// It shortens a limit with a header: x-penstock-timeout-connect, -first-byte, -first-token,
// -between-bytes and -request, each a duration as in the configuration (`8s`, `500ms`; a number
// alone is seconds). One that is longer than the limit, or not a duration, has no effect.

#include "config/timeouts.h"
#include "core/clock.h"
#include "http/head.h"

namespace penstock::gateway {

enum class Shortened : bool { kNo, kYes };
// Shortens the limits as the client's fields say.
Shortened shorten(config::AttemptTimeouts& timeouts, const http::Fields& fields);

// When another attempt is of no use: a second before the client's library gives up, which then has
// had nothing of an answer (x-stainless-timeout, in seconds, of a request that began then). It is
// no limit of an answer: the library counts the time between two reads.
SteadyTime last_begin(const http::Fields& fields, SteadyTime began);

}  // namespace penstock::gateway
