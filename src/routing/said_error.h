#pragma once

// What an upstream's error says, whatever its shape.
//
// Services put the words that tell errors apart at many places: `error.code`, `type` at the top,
// `error.details[].reason`, an error as a text within another. They are gathered here; classify()
// and cooldown_hint() know what they mean. Only members that services write themselves are read:
// an error may also quote the request, and what a caller writes must not look like an error.
// Some services name the kind of error in the answer's head, and not in its body.

#include <string>
#include <string_view>
#include <vector>

#include "routing/failure.h"

namespace penstock::routing {

struct SaidError {
  // Of a text, its first bytes are read.
  static constexpr std::size_t kTextBytesMax = 64 * 1024;
  static constexpr std::size_t kMessageBytesMax = 4096;
  static constexpr std::size_t kWordsMax = 32;

  std::vector<std::string> codes;     // codes, types and reasons, in lower case
  std::vector<std::string> messages;  // for people, in lower case; cut
  std::string retry_delay;            // `34s`, or a number of seconds; empty: none
};

// `text` is a body or an event's data. If it is no JSON, it is a message as a whole; if it is cut,
// what is found at its front counts. `field` is of the answer's head; empty: that is not asked.
SaidError read_error(std::string_view text, const FieldOf& field = {});

}  // namespace penstock::routing
