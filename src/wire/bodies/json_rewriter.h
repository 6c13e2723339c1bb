#pragma once

// Replaces the value of `model` in a JSON text that arrives in pieces: at the top level, and in one
// object of the top level that the API's table names (`response` in the events of Responses).
//
// A resumable scanner over bytes: it tracks only strings and depth, and needs no buffer for the
// text. Each byte that is not part of the `model` value is passed on at once, in the call that
// brought it. The value is replaced only if it is a string of at most kModelBytesMax; any other
// passes unchanged. Text that is not a JSON object passes unchanged; a text that stops being well
// formed, as far as the scanner checks (strings and the punctuation of the top level), passes
// unchanged from there on. If `model` occurs more than once in one of these places, each occurrence
// is replaced. Keys are compared after unescaping.
//
// In addition, it remembers the last `usage` of each place that is an object (up to
// kUsageBytesMax) and the last `service_tier` that is a string, and tells a StreamEnd the keys that
// its law watches.
//
// The output, and what is seen, does not depend on how the text is cut into pieces. One object
// belongs to one answer and one thread. Nothing fails, and nothing is allocated once the buffers
// have grown to their bounds.
//
// The events of one stream begin alike: most are the same up to what the first part holds
// (`"delta":{`), or at least up to the end of the model's value. This opening is remembered, and
// need not be scanned again if the next text begins with it: the same bytes from the same state
// lead to the same state.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/small_text.h"
#include "wire/apis/stream_end.h"
#include "wire/apis/usage.h"
#include "wire/bodies/model_names.h"
#include "wire/json/tokens.h"

namespace penstock::wire {

class JsonRewriter {
 public:
  static constexpr std::size_t kUsageBytesMax = 4096;
  // The longest model value that is replaced, as written in the text, including quotes.
  static constexpr std::size_t kModelBytesMax = 4096;
  // How many different values are looked up in `names`: each costs more than its bytes. Further
  // ones pass unchanged.
  static constexpr std::size_t kNamesMax = 64;
  // The longest opening that is remembered.
  static constexpr std::size_t kOpeningBytesMax = 512;

  // `model`: the name to write, not escaped; if empty, each value is replaced by what `names` says,
  // and by nothing without `names`, which outlive the rewriter. For the events of a stream: `end`
  // is told what they say, by its law, and not owned.
  JsonRewriter(std::string_view model, StreamEnd& end, const ModelNames* names = nullptr)
      : JsonRewriter(model, &end, {}, names) {}
  // For one text. `inner` is the object of the top level that has `model` and `usage`, too; a
  // constant, or empty.
  explicit JsonRewriter(std::string_view model, std::string_view inner = {},
                        const ModelNames* names = nullptr)
      : JsonRewriter(model, nullptr, inner, names) {}

  // Feeds the next piece, and appends what is to be passed on to `out`.
  void feed(std::string_view piece, std::string& out);

  // Between the text before and after this call is a line feed, which the caller passes on itself,
  // as the end of a `data:` line. Held bytes are appended to `out` first: no JSON string spans a
  // line end.
  void line_break(std::string& out);

  // The text has ended: appends what may still be held (the start of a `model` string that never
  // ended). The rewriter is then ready for the next text; what was seen is kept.
  void finish(std::string& out);

  // Whether the text so far is one complete JSON object, followed at most by white space.
  bool complete() const { return state_ == State::kAfter; }
  // Whether anything but white space has arrived.
  bool has_begun() const { return state_ != State::kBefore; }
  // Whether it began as an object, is well formed so far, and is not complete.
  bool truncated() const { return state_ != State::kBefore && state_ < State::kAfter; }

  // As texts; empty where there was none.
  UsageTexts usage() const {
    return {.inner = inner_usage_.view(), .top = usage_.view(), .service_tier = service_tier_};
  }

 private:
  enum class State : std::uint8_t {
    kBefore,         // before the text's first byte
    kMember,         // after { or a top-level comma
    kKey,            // inside a top-level key
    kColon,          // after a top-level key
    kValue,          // after its colon
    kModel,          // inside the string that is to be replaced
    kTier,           // inside the string that names it
    kString,         // inside any other top-level string
    kRest,           // after a string, array or object of the top level
    kNested,         // inside a nested array or object, between its strings
    kNestedString,   // inside one of its strings
    kNestedColon,    // after a string of a part or the inner object that may be a watched key
    kInnerValue,     // after the colon of the inner object's key that matters
    kWatched,        // after the colon of a part's watched key, or of the event's number
    kWatchedString,  // inside the string that is a watched key's value
    kWatchedObject,  // after the { of a watched key's value
    kAfter,          // after the object
    kForeign,        // no object, or not well formed: the rest passes
  };
  enum class Key : std::uint8_t { kOther, kModel, kUsage, kTier };

  // The depth, within the top-level value, inside a part and inside the inner object.
  static constexpr std::size_t kPartDepth = 2;
  static constexpr std::size_t kInnerDepth = 1;

  // The current piece.
  struct Piece {
    const char* end;
    const char* unpassed;    // from here on, bytes are not in `out` yet
    const char* string;      // inside a string or watched value: where its text begins or continues
    const char* uncaptured;  // inside a usage object: where it begins or continues
    std::string& out;
    const char* text;        // where the text begins; null if in an earlier piece
    std::string_view model;  // the first value that is replaced; empty if there is none
  };

  // How earlier texts began: up to the first value that the first part holds.
  struct Opening {
    std::string text;             // empty: none is known
    std::size_t model_begin = 0;  // of the value that is replaced
    std::size_t model_end = 0;    // 0: there is none
    bool reaches_part = false;    // otherwise it ends with the model's value
    std::uint32_t part_index = 0;
  };

  JsonRewriter(std::string_view model, StreamEnd* end, std::string_view inner,
               const ModelNames* names);

  bool replaces_models() const { return names_ != nullptr || !replacement_.empty(); }
  static Key key_of(std::string_view spelled, bool escaped);
  void classify(std::string_view spelled, bool escaped);
  const char* take_known_opening(Piece& in);
  void remember_opening(const char* end, const Piece& in);
  void scan(const char* at, Piece& in);
  const char* skip_space_around(const char* at, const char* end);
  void take(const char* token, Piece& in);
  void take_value(const char* token, Piece& in);
  void take_nested(const char* token, Piece& in);
  void end_model(const char* quote, Piece& in);
  void look_up_replacement(std::string_view spelled);
  void end_nested(const char* bracket, Piece& in);
  void end_piece(Piece& in);

  void begin_string(State state, const char* quote, Piece& in);
  std::string_view end_text(const char* end, const Piece& in);
  // Whether the strings here may be keys that matter.
  bool is_among_keys() const { return depth_ == key_depth_; }
  void begin_scalar(const char* colon, Piece& in);
  void begin_watched(char bracket);
  void begin_model(const char* quote, Piece& in);
  void begin_capture(const char* bracket, Piece& in);
  void take_nested_key(std::string_view spelled);
  void take_inner_value(const char* token, Piece& in);
  void end_part();
  // What follows a value of the top level.
  void end_value(char token) {
    state_ = token == ',' ? State::kMember : token == '}' ? State::kAfter : State::kForeign;
  }
  State after_value() const { return depth_ == 0 ? State::kRest : State::kNested; }
  void take_watched(const char* token, Piece& in);
  bool keeps_token() const {
    return state_ == State::kKey || state_ == State::kNestedString || state_ == State::kWatched ||
           state_ == State::kWatchedString || state_ == State::kTier;
  }
  void keep_token(std::string_view part);
  void keep_capture(std::string_view part);

  SmallText<96> replacement_;  // the name as a JSON string, including quotes
  const ModelNames* names_;    // null: the replacement is the same for all
  std::string looked_up_;      // otherwise: the value that the replacement is for, as written
  std::size_t look_ups_ = 0;
  SmallText<256> usage_;
  SmallText<256> inner_usage_;
  ServiceTier service_tier_ = ServiceTier::kStandard;  // the last one that was stated
  StreamEnd* const end_;                               // null: one text
  const std::string_view inner_;                       // of one text

  JsonTokens tokens_;
  State state_ = State::kBefore;
  Key key_ = Key::kOther;                         // of the current top-level member
  StreamEnd::Watch watch_ = StreamEnd::kNothing;  // of the current key
  bool in_parts_ = false;                         // inside the array of parts
  bool in_part_ = false;                          // inside an object of it
  std::size_t key_depth_ = 0;                     // where is_among_keys(); 0: nowhere
  bool string_escaped_ = false;                   // the current string may have a backslash
  bool capturing_ = false;     // inside a usage object that is not too large so far
  std::size_t depth_ = 0;      // of nesting inside the current top-level value
  std::size_t end_depth_ = 0;  // at which end_nested() has something to do
  std::string token_;          // the current string, as far as it came in earlier pieces; cut
  std::string capture_;        // the current usage object, likewise
  std::string held_;           // the current model value, likewise

  bool fresh_ = true;            // no byte of the text has arrived
  bool several_texts_ = false;   // an earlier text has ended
  bool opening_is_open_ = true;  // more of this text may be remembered
  Opening opening_;
};

}  // namespace penstock::wire
