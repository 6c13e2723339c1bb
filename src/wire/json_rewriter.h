#pragma once

// Replaces the value of the top-level `model` in a JSON text that arrives in pieces.
//
// A resumable scanner over bytes: it keeps track of strings and depth only, so that it needs no
// buffer for the text. Every byte that is not part of the `model` value is passed on at once, in
// the call that brought it. Of the value itself only a string is replaced; any other type passes
// unchanged, and so does a string of more than kModelBytesMax. Text that is not a JSON object
// passes unchanged; a text that stops being well formed as far as the scanner looks (strings and
// the punctuation of the top level) passes unchanged from there on. If `model` occurs more than
// once at the top level, each occurrence is replaced. Top-level keys are compared after
// unescaping.
//
// Beside it, the last top-level `usage` that is an object is remembered (up to
// kUsageBytesMax; a larger one is not), and a StreamEnd is told of the keys that its law watches.
//
// What comes out, and what is seen, does not depend on how the text is cut into pieces. One object
// belongs to one answer and one thread. Nothing fails, and nothing is allocated once the buffers
// have grown to their bounds.
//
// The events of one stream begin alike: up to what the first part holds (`"delta":{`), or at least
// up to the end of the model's value, most of them are the same. That opening is remembered, and
// where the next text begins with it, it is not looked at again: the same bytes from the same state
// lead to the same state.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/small_text.h"
#include "wire/json_tokens.h"
#include "wire/stream_end.h"

namespace penstock::wire {

class JsonRewriter {
 public:
  static constexpr std::size_t kUsageBytesMax = 4096;
  // The longest model value that is replaced, as spelled in the text, quotes included.
  static constexpr std::size_t kModelBytesMax = 4096;
  // The longest opening that is remembered.
  static constexpr std::size_t kOpeningBytesMax = 512;

  // `model`: the name to write, not escaped. Empty: nothing is replaced, only looked at.
  // `end`: what is told of the end, not owned; none where the texts are no events.
  explicit JsonRewriter(std::string_view model, StreamEnd* end = nullptr);

  // Feeds the next piece; what is to be passed on is appended to `out`.
  void feed(std::string_view piece, std::string& out);

  // Between what was fed and what follows, the text has a line feed that the caller passes on
  // itself, in a spelling of its own (the end of a `data:` line). What is held goes to `out`
  // first: no JSON string goes on over a line end.
  void line_break(std::string& out);

  // The text has ended: appends what may still be held (the start of a `model` string that
  // never ended). The rewriter is then ready for the next text; what was seen stays.
  void finish(std::string& out);

  // Whether the text so far is one complete JSON object followed by white space at most.
  bool complete() const { return state_ == State::kAfter; }
  // Whether anything but white space has come.
  bool has_begun() const { return state_ != State::kBefore; }
  // Whether it has begun as an object, is well formed so far, and is not complete.
  bool truncated() const { return state_ != State::kBefore && state_ < State::kAfter; }

  std::string_view usage() const { return usage_.view(); }

 private:
  enum class State : std::uint8_t {
    kBefore,         // before the text's first byte
    kMember,         // behind { or a top-level comma
    kKey,            // inside a top-level key
    kColon,          // behind a top-level key
    kValue,          // behind its colon
    kModel,          // inside the string that is to be replaced
    kString,         // inside any other top-level string
    kRest,           // behind a string, array or object of the top level
    kNested,         // inside a nested array or object, between its strings
    kNestedString,   // inside one of its strings
    kNestedColon,    // behind a string of a part that may be a watched key
    kWatched,        // behind a part's watched key and its colon
    kWatchedString,  // inside the string that is a watched key's value
    kWatchedObject,  // behind the { of a watched key's value
    kAfter,          // behind the object
    kForeign,        // no object, or not well formed: the rest passes
  };
  enum class Key : std::uint8_t { kOther, kModel, kUsage };

  // Brackets within the top-level value, inside a part.
  static constexpr std::size_t kPartDepth = 2;

  // The piece in hand.
  struct Piece {
    const char* end;
    const char* unpassed;    // from here on, bytes are not in `out` yet
    const char* string;      // inside a string or watched value: where its text begins, or goes on
    const char* uncaptured;  // inside a usage object: where it begins, or goes on
    std::string& out;
    const char* text;        // where the text begins, or null where it began in an earlier piece
    std::string_view model;  // the first value that is replaced; its place is not null then
  };

  // How the texts before began: up to the first value that the first part holds.
  struct Opening {
    std::string text;             // empty: nothing is known
    std::size_t model_begin = 0;  // of the value that is replaced
    std::size_t model_end = 0;    // 0: none is
    bool reaches_part = false;    // otherwise it ends with the model's value
    std::uint32_t part_index = 0;
  };

  void classify(std::string_view spelled, bool escaped);
  const char* take_known_opening(Piece& in);
  void remember_opening(const char* end, const Piece& in);
  void scan(const char* at, Piece& in);
  const char* skip_space_around(const char* at, const char* end);
  void take(const char* token, Piece& in);
  void take_value(const char* token, Piece& in);
  void take_nested(const char* token, Piece& in);
  void end_model(const char* quote, Piece& in);
  void end_nested(const char* bracket, Piece& in);
  void end_piece(Piece& in);

  void begin_string(State state, const char* quote, Piece& in);
  std::string_view end_text(const char* end, const Piece& in);
  bool is_in_part() const { return in_part_ && depth_ == kPartDepth; }
  void begin_watched(char bracket);
  void take_watched(const char* token, Piece& in);
  bool keeps_token() const {
    return state_ == State::kKey || state_ == State::kNestedString || state_ == State::kWatched ||
           state_ == State::kWatchedString;
  }
  void keep_token(std::string_view part);
  void keep_capture(std::string_view part);

  SmallText<96> replacement_;  // the name as a JSON string, quotes included
  SmallText<256> usage_;
  StreamEnd* const end_;

  JsonTokens tokens_;
  State state_ = State::kBefore;
  Key key_ = Key::kOther;                         // of the top-level member in hand
  StreamEnd::Watch watch_ = StreamEnd::kNothing;  // of the key in hand
  bool in_parts_ = false;                         // inside the array of parts
  bool in_part_ = false;                          // inside an object of it
  bool string_escaped_ = false;                   // the string in hand may have a backslash
  bool capturing_ = false;  // inside a usage object that is not too large so far
  std::size_t depth_ = 0;   // of nesting inside the top-level value in hand
  std::string token_;       // the string in hand, as far as it came in earlier pieces; cut
  std::string capture_;     // the usage object in hand, likewise
  std::string held_;        // the model value in hand, likewise

  bool fresh_ = true;            // no byte of the text has come
  bool several_texts_ = false;   // one has ended before
  bool opening_is_open_ = true;  // more of this text may be remembered
  Opening opening_;
};

}  // namespace penstock::wire
