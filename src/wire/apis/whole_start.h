#pragma once

// What the beginning of a whole answer means: whether it is an error instead.
//
// Some services answer 200 to a request that they cannot serve, and say so in the body only:
// `{"error":{…}}`, `{"type":"error",…}`. An answer of any API begins with other members.

#include <cstdint>
#include <string_view>

namespace penstock::wire {

enum class WholeStart : std::uint8_t { kUnknown, kAnswer, kError };

// Of a JSON body, as far as it has come. kUnknown: more of it is needed, no more than its first
// member's name and the beginning of its value.
WholeStart start_of_whole(std::string_view text);

}  // namespace penstock::wire
