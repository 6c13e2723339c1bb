#pragma once

// Walks over a JSON text that lies in one piece, from token to token.
//
// The walk looks no closer than it must (wire/json_scan.h). Escapes, numbers, literals and what
// follows a member are judged by those who ask for them, and inside of nested values by nobody. A
// long prompt costs little more than reading it from memory.
//
// The text outlives the walk and everything that it hands out. Nothing is allocated. After a
// function has failed, only fault() and position() mean something: that is then the fault's place.

#include <cstddef>
#include <optional>
#include <string_view>

#include "wire/json_scan.h"
#include "wire/scan.h"

namespace penstock::wire {

class JsonWalk {
 public:
  // The inside of a string, as spelled.
  struct String {
    std::string_view text;
    bool escaped;  // has a backslash
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
  // The next byte; at the end a zero, which is no token either.
  char next() const { return at_ == end_ ? '\0' : *at_; }

  void skip_space() { at_ = skip_json_space(at_, end_); }

  // Passes `token` where it is next.
  bool take(char token) {
    if (at_ == end_ || *at_ != token) return false;
    ++at_;
    return true;
  }

  // Passes a string; its quote is next.
  std::optional<String> take_string();

  // Passes the value whose first byte is next, and gives its text. That of a number or literal
  // reaches as far as letters, digits, signs and points do, and is empty where none is next.
  std::optional<std::string_view> take_value();

  // Passes a member of an object, with the space around it, up to what follows it.
  std::optional<Member> take_member();

  JsonFault fault() const { return fault_; }

  // Whether the text is well-formed UTF-8, where everything in it has been passed.
  bool is_utf8() const;

 private:
  bool pass(const JsonScan& scan);
  std::nullopt_t wrong_token();

  const char* begin_;
  const char* at_;
  const char* end_;
  JsonInstructions instructions_;
  JsonFault fault_ = JsonFault::kNone;
  bool ascii_ = true;  // what has been passed
};

}  // namespace penstock::wire
