#pragma once

// Walks over a contiguous JSON text from token to token.
//
// The walk checks no more than it must (wire/json/scan.h). Callers check escapes, numbers, literals
// and what follows a member, and nobody does inside nested values. A long prompt costs little more
// than reading it from memory.
//
// The text outlives the walk and everything that it returns. Nothing is allocated. After a function
// has failed, only fault() and position() are valid: position() is then the fault's.

#include <cstddef>
#include <optional>
#include <string_view>

#include "wire/json/bytes.h"
#include "wire/json/scan.h"

namespace penstock::wire {

class JsonWalk {
 public:
  // The contents of a string, as written.
  struct String {
    std::string_view text;
    bool escaped;  // contains a backslash
  };

  struct Member {
    String key;
    std::string_view value;  // as of take_value()
    std::size_t value_begin;
  };

  explicit JsonWalk(std::string_view text, JsonInstructions instructions = json_instructions())
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), instructions_(instructions) {}

  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  bool at_end() const { return at_ == end_; }
  // The next byte; at the end a zero, which is not a token either.
  char next() const { return at_ == end_ ? '\0' : *at_; }

  void skip_space() { at_ = skip_json_space(at_, end_); }

  // Skips `token` if it is next.
  bool take(char token) {
    if (at_ == end_ || *at_ != token) return false;
    ++at_;
    return true;
  }

  // Takes a string; its quote is next.
  std::optional<String> take_string();

  // Takes the value whose first byte is next, and returns its text. A number or literal extends as
  // far as letters, digits, signs and points do, and is empty if none is next.
  std::optional<std::string_view> take_value();

  // Takes a member of an object, with the white space around it, up to what follows it.
  std::optional<Member> take_member();

  JsonFault fault() const { return fault_; }

  // Whether the text is well-formed UTF-8, provided that all of it has been walked.
  bool is_utf8() const;

 private:
  bool pass(const JsonScan& scan);
  std::nullopt_t wrong_token();

  const char* begin_;
  const char* at_;
  const char* end_;
  JsonInstructions instructions_;
  JsonFault fault_ = JsonFault::kNone;
  bool ascii_ = true;  // of what has been walked
};

}  // namespace penstock::wire
