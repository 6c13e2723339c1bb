#pragma once

// What the first events of a stream mean: whether the answer has begun.
//
// A service sends some events before it knows whether it can answer at all: the chunk with the
// role, the response that is created, an empty block. Such a stream can still become an error, and
// while nothing of it has been passed on, another upstream can be asked instead. The tables of
// stream_start.cc say for each API which events these are. Every other one is content, so that what
// is not known is passed on at once.

#include <string_view>

#include "wire/apis/api.h"

namespace penstock::wire {

enum class EventKind : std::uint8_t { kStartUp, kContent, kError };

// Of one whole event, its bytes as in the stream. It is read as a tree; so only events that are
// held should be asked about.
EventKind kind_of_event(Api api, std::string_view event);

}  // namespace penstock::wire
