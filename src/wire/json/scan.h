#pragma once

// Skipping the strings and nested values of a contiguous JSON text, 64 bytes at a time.
//
// Strings must end and contain no bare control character (RFC 8259 section 7); brackets must close,
// though not necessarily with their own kind; outside strings there is no byte beyond ASCII. No
// byte outside the text is read, and nothing is allocated.

#include <cstddef>
#include <cstdint>

#include "wire/json/bits.h"

namespace penstock::wire {

enum class JsonFault : std::uint8_t {
  kNone,
  kControlCharacter,  // bare, in a string
  kOpenString,        // does not end
  kOpenNested,        // likewise
  kForeignByte,       // beyond ASCII, outside strings
  kWrongToken,        // for walks: not the expected token
};

struct JsonScan {
  const char* at;  // after the scanned part; or where the fault is; or where an unterminated part
                   // begins
  JsonFault fault = JsonFault::kNone;
  bool escaped = false;  // a string: it contains a backslash
  bool ascii = true;     // the scanned bytes are ASCII
};

// The instructions to scan with. The tests use all of them.
enum class JsonInstructions : std::uint8_t { kPortable, kSse2, kAvx2 };

// The best set that this processor has.
JsonInstructions json_instructions();
bool has(JsonInstructions instructions);

// Scans from the quote or opening bracket at `at`, inside [at, end), to after the quote or bracket
// that closes it.
JsonScan scan_json(const char* at, const char* end, JsonInstructions instructions);

// The result of scanning a string of a text that is checked in slices.
enum class JsonStringOutcome : std::uint8_t {
  kClosed,
  kPaused,            // the permitted work is used up
  kOpen,              // the text ends inside the string
  kControlCharacter,  // bare
  kBrokenEscape,
};

struct JsonStringScan {
  const char* at;  // after the closing quote; where to continue; the position of the fault
  JsonStringOutcome outcome;
  bool escaped = false;  // the scanned part has a backslash
  bool ascii = true;
};

// Scans from `at`, inside a string, to after its closing quote. `escapes` is new at the start of
// the string and is kept between the calls for one string. Escapes are checked for form; halves of
// surrogate pairs are accepted. `work` is reduced by one for each 64 bytes and each escape.
JsonStringScan scan_json_string(const char* at, const char* end, JsonEscapes& escapes,
                                std::size_t& work, JsonInstructions instructions);

}  // namespace penstock::wire
