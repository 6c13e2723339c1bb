#pragma once

// What an upstream's error event says, where it is to become an answer of its own.

#include <string>
#include <string_view>

namespace penstock::wire {

// The data of an event as it is spelled, its lines joined by line feeds (WHATWG HTML, section
// 9.2.6).
std::string event_data(std::string_view event);

// The status that an error stands for that came under the status 200. It is the one that the error
// states, in `code`, `status` or `status_code`, else the one that its `code` or `type` has by its
// API, else 502. `text` is the event's data; the error is its `error`, or that of the `response`
// in it (`response.failed`), or, where it has none, the whole.
int status_of_error(std::string_view text);

}  // namespace penstock::wire
