#pragma once

// Passing over the strings and the nested values of a JSON text that lies in one piece, 64 bytes at
// a time.
//
// Strings have to end and to have no bare control character (RFC 8259 section 7); brackets have to
// close, though not each with its own kind; outside of strings stands no byte beyond ASCII. No byte
// outside of the text is read, and nothing is allocated.

#include <cstddef>
#include <cstdint>

#include "wire/json_bits.h"

namespace penstock::wire {

enum class JsonFault : std::uint8_t {
  kNone,
  kControlCharacter,  // in a string, bare
  kOpenString,        // does not end
  kOpenNested,        // likewise
  kForeignByte,       // beyond ASCII, outside of strings
  kWrongToken,        // for walks: not what has to stand there
};

struct JsonScan {
  const char* at;  // behind what was passed; the place of the fault, where there is one; where that
                   // begins that does not end
  JsonFault fault = JsonFault::kNone;
  bool escaped = false;  // a string: it has a backslash
  bool ascii = true;     // what was looked at is ASCII
};

// The instructions to scan with. The tests go through all of them.
enum class JsonInstructions : std::uint8_t { kPortable, kSse2, kAvx2 };

// The best that this processor has.
JsonInstructions json_instructions();
bool has(JsonInstructions instructions);

// From the quote or opening bracket at `at`, inside [at, end), to behind the one that ends the
// string or closes the bracket.
JsonScan scan_json(const char* at, const char* end, JsonInstructions instructions);

// A string of a text that is checked in slices.
enum class JsonStringOutcome : std::uint8_t {
  kClosed,
  kPaused,            // the work allowed is used up
  kOpen,              // the text ends inside of the string
  kControlCharacter,  // bare
  kBrokenEscape,
};

struct JsonStringScan {
  const char* at;  // behind the closing quote; where to go on; the fault's place
  JsonStringOutcome outcome;
  bool escaped = false;  // what was passed has a backslash
  bool ascii = true;
};

// From `at`, inside of a string, to behind its closing quote. `escapes` is new where the string
// begins and is kept between the calls for one string. Escapes are judged by their form; halves of
// surrogate pairs have it. `work` is lowered by one for each 64 bytes and each escape.
JsonStringScan scan_json_string(const char* at, const char* end, JsonEscapes& escapes,
                                std::size_t& work, JsonInstructions instructions);

}  // namespace penstock::wire
