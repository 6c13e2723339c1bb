#pragma once

// Checks that a text is one JSON object (RFC 8259), in slices, and returns its top-level members,
// and those of the objects at one path inside it.
//
// The check is complete: every token, number, literal and escape, at every depth. Strings are
// scanned 64 bytes at a time (wire/json/scan.h), so that a long prompt costs little more than
// reading it from memory. Whether it is UTF-8 is checked afterwards, with check_utf8().
//
// The text outlives the check. Nothing is allocated.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wire/json/bits.h"
#include "wire/json/scan.h"

namespace penstock::wire {

class JsonCheck {
 public:
  static constexpr std::size_t kDepthMax = 1024;

  enum class Step : std::uint8_t {
    kMember,  // a top-level member was passed: member()
    kInner,   // a member of an object at the path was passed: inner()
    kEnd,     // the object has ended, and only white space follows
    kPaused,  // the permitted work is used up: call again
    kFault,   // fault() at position()
  };

  struct Member {
    std::string_view key;  // as written, without its quotes
    bool key_is_escaped;
    std::size_t value_begin;
    std::size_t value_end;
  };

  // A path leads from the object to others: a list of keys, in which an empty one stands for every
  // element of an array.
  using Path = std::span<const std::string_view>;

  // `depth` is the maximum nesting, at most kDepthMax; the object itself has depth 1. `path` is
  // empty, or outlives the check.
  JsonCheck(std::string_view text, std::size_t depth, Path path = {},
            JsonInstructions instructions = json_instructions());

  // Continues to the next member. `work` is the work permitted in this call, about a nanosecond or
  // two for each unit, and is reduced by what was done.
  Step next(std::size_t& work);

  const Member& member() const { return member_; }
  const Member& inner() const { return inner_; }
  // What is wrong: "a value is missing". Without an article for a position.
  std::string_view fault() const { return fault_; }
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  bool depth_is_the_fault() const { return too_deep_; }

  // After kEnd: continues the check for UTF-8. kEnd if all is UTF-8; kFault if only utf8_bytes() of
  // it are; kPaused as for next().
  Step check_utf8(std::size_t& work);
  std::size_t utf8_bytes() const { return static_cast<std::size_t>(utf8_ - begin_); }

 private:
  enum class Expect : std::uint8_t {
    kObject,
    kFirstKey,
    kKey,
    kColon,
    kValue,
    kFirstElement,
    kSeparator,
    kNothing,
  };

  Step fail(std::string_view what, const char* at);
  Step fail_at_end();
  bool skip_space(std::size_t& work);
  Step take_token(std::size_t& work);
  Step take_value(std::size_t& work);
  Step open_string();
  Step take_string(std::size_t& work);
  Step string_ends();
  Step take_number();
  void pass_numbers(std::size_t& work);
  bool pass_short_string();
  Step take_literal();
  Step open();
  Step close();
  Step value_ends();

  // Whether the current container is at the path's end.
  bool at_path_end() const { return depth_ == path_depth_ && on_path_depth_ == depth_; }
  // Out of line: nearly no body has a path, and every key and bracket would pay for it.
  [[gnu::noinline]] Step end_key_on_path(bool escaped);
  [[gnu::noinline]] void open_on_path();
  Step key_ends();

  bool inside_array() const { return (arrays_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1) != 0; }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* utf8_;  // what precedes it was checked
  JsonInstructions instructions_;
  std::size_t depth_max_;
  std::size_t depth_ = 0;
  Expect expect_ = Expect::kObject;
  bool in_string_ = false;
  bool string_is_key_ = false;
  bool too_deep_ = false;
  bool ascii_ = true;
  bool escaped_ = false;  // the current string has a backslash
  JsonEscapes escapes_;
  const char* string_begin_ = nullptr;
  std::string_view fault_;
  Member member_{};
  Member inner_{};
  Path path_;
  std::size_t path_depth_;         // of the objects at the path; 0: there is none
  std::size_t on_path_depth_ = 0;  // the containers up to this depth are on the path
  bool key_is_on_path_ = false;    // the current one of the innermost of them
  std::array<std::uint64_t, kDepthMax / 64>
      arrays_{};  // one bit for each depth: an array, not an object
};

}  // namespace penstock::wire
