#include "wire/bodies/json_rewriter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "core/json_reader.h"
#include "core/text.h"
#include "wire/json/blank.h"
#include "wire/json/bytes.h"
#include "wire/json/key.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kModelKey = "model";
constexpr std::string_view kUsageKey = "usage";
constexpr std::string_view kServiceTierKey = "service_tier";
static_assert(kUsageKey.size() == kModelKey.size());

// A longer key or value does not matter, even if every letter is an escape: no word of the tables
// (wire/apis/event_law.h) is longer than this one. Of a longer text that begins with white space it
// matters whether there is anything else.
constexpr std::size_t kTokenBytesMax = 6 * std::string_view("image_generation.completed").size();

// Whether a text of the same length is the key: the compiler knows the length.
template <const std::string_view& kKey>
bool is(std::string_view text) {
  return std::memcmp(text.data(), kKey.data(), kKey.size()) == 0;
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

JsonRewriter::JsonRewriter(std::string_view model, StreamEnd* end, std::string_view inner,
                           const ModelNames* names)
    : names_(model.empty() ? names : nullptr), end_(end), inner_(inner) {
  if (!model.empty()) replacement_.assign(json_quoted(model));
}

[[gnu::always_inline]] inline JsonRewriter::Key JsonRewriter::key_of(std::string_view spelled,
                                                                     bool escaped) {
  if (escaped) {
    if (unescapes_to(spelled, kModelKey)) return Key::kModel;
    if (unescapes_to(spelled, kUsageKey)) return Key::kUsage;
    if (unescapes_to(spelled, kServiceTierKey)) return Key::kTier;
  } else if (spelled.size() == kModelKey.size()) {
    if (is<kModelKey>(spelled)) return Key::kModel;
    if (is<kUsageKey>(spelled)) return Key::kUsage;
  } else if (spelled.size() == kServiceTierKey.size() && is<kServiceTierKey>(spelled)) {
    return Key::kTier;
  }
  return Key::kOther;
}

// Determines what a top-level key is.
void JsonRewriter::classify(std::string_view spelled, bool escaped) {
  watch_ = StreamEnd::kNothing;
  key_ = key_of(spelled, escaped);
  if (key_ != Key::kOther) return;
  if (end_ != nullptr) {
    watch_ = end_->find_top(spelled, escaped);
  } else if (!inner_.empty() && is_json_key(spelled, escaped, inner_)) {
    watch_ = StreamEnd::kInner;
  }
}

void JsonRewriter::feed(std::string_view piece, std::string& out) {
  if (piece.empty()) return;
  const char* const begin = piece.data();
  Piece in{.end = begin + piece.size(),
           .unpassed = begin,
           .string = begin,
           .uncaptured = begin,
           .out = out,
           .text = std::exchange(fresh_, false) ? begin : nullptr,
           .model = {}};
  scan(take_known_opening(in), in);
  end_piece(in);
}

// Takes as much of the known opening as the text begins with, and returns where to continue.
const char* JsonRewriter::take_known_opening(Piece& in) {
  if (in.text == nullptr || opening_.text.empty()) return in.unpassed;
  const std::string_view text = between(in.text, in.end);
  const std::string_view up_to_model =
      std::string_view(opening_.text).substr(0, opening_.model_end);
  const bool whole = text.starts_with(opening_.text);
  if (!whole && (up_to_model.empty() || !text.starts_with(up_to_model))) return in.text;
  if (!up_to_model.empty()) {
    in.model = text.substr(0, opening_.model_end).substr(opening_.model_begin);
    in.out.append(text.substr(0, opening_.model_begin)).append(replacement_.view());
    in.unpassed = in.text + opening_.model_end;
  }
  if (!whole || !opening_.reaches_part) {
    state_ = State::kRest;
    return in.unpassed;
  }
  state_ = State::kNested;
  depth_ = kPartDepth + 1;
  in_parts_ = true;
  in_part_ = true;
  key_depth_ = kPartDepth;
  end_->resume_first_part(opening_.part_index);
  opening_is_open_ = false;
  return in.text + opening_.text.size();
}

// `end` is the end of the value of a model that is replaced, or the bracket that begins what a part
// holds. A usage object, a second model, or something said about the end would have to be
// remembered as well.
void JsonRewriter::remember_opening(const char* end, const Piece& in) {
  if (!several_texts_ || in.text == nullptr || !opening_is_open_ || names_ != nullptr) return;
  if (end_ != nullptr && end_->event_says_something()) return;
  if (in_part_ && end_->part_says_something()) return;
  const std::string_view text = between(in.text, end);
  if (text.size() > kOpeningBytesMax) return;
  opening_.text.assign(text);
  opening_.model_begin = in.model.empty() ? 0 : between(in.text, in.model.data()).size();
  opening_.model_end = in.model.empty() ? 0 : opening_.model_begin + in.model.size();
  opening_.reaches_part = in_part_;
  if (in_part_) opening_.part_index = end_->part_index();
}

void JsonRewriter::line_break(std::string& out) {
  tokens_.line_break();
  if (state_ == State::kModel) {
    out.append(held_);
    held_.clear();
    state_ = depth_ == 0 ? State::kString : State::kNestedString;
  }
  if (keeps_token()) keep_token("\n");
  if (capturing_) keep_capture("\n");
}

void JsonRewriter::finish(std::string& out) {
  out.append(held_);
  held_.clear();
  tokens_.reset();
  state_ = State::kBefore;
  depth_ = 0;
  end_depth_ = 0;
  key_depth_ = 0;
  in_parts_ = false;
  in_part_ = false;
  capturing_ = false;
  fresh_ = true;
  several_texts_ = true;
  opening_is_open_ = true;
}

// Outside the object only white space is allowed.
const char* JsonRewriter::skip_space_around(const char* at, const char* end) {
  if (state_ != State::kBefore && state_ != State::kAfter) return at;
  at = skip_json_space(at, end);
  if (at == end) return at;
  state_ = state_ == State::kBefore && *at == '{' ? State::kMember : State::kForeign;
  return at + 1;
}

// Runs once for every token; a call for each would cost a third of the whole.
[[gnu::always_inline]] inline void JsonRewriter::take(const char* token, Piece& in) {
  const char c = *token;
  switch (state_) {
    case State::kMember:
      if (c == '"') return begin_string(State::kKey, token, in);
      state_ = c == '}' ? State::kAfter : State::kForeign;
      return;
    case State::kKey:
      classify(end_text(token, in), string_escaped_);
      state_ = State::kColon;
      return;
    case State::kColon:
      state_ = c == ':' ? State::kValue : State::kForeign;
      if (watch_ == StreamEnd::kSequence && c == ':') begin_scalar(token, in);
      return;
    case State::kValue:
      return take_value(token, in);
    case State::kModel:
      return end_model(token, in);
    case State::kTier:
      service_tier_ = service_tier_of(end_text(token, in));
      state_ = after_value();
      return;
    case State::kString:
      state_ = State::kRest;
      return;
    case State::kRest:
      return end_value(c);
    case State::kNested:
    case State::kNestedString:
    case State::kNestedColon:
      return take_nested(token, in);
    case State::kInnerValue:
      return take_inner_value(token, in);
    case State::kWatched:
    case State::kWatchedString:
    case State::kWatchedObject:
      return take_watched(token, in);
    case State::kBefore:
    case State::kAfter:
    case State::kForeign:
      return;
  }
}

[[gnu::always_inline]] inline void JsonRewriter::take_value(const char* token, Piece& in) {
  switch (*token) {
    case '"':
      if (watch_ != StreamEnd::kNothing && watch_ != StreamEnd::kInner) {
        return begin_string(State::kWatchedString, token, in);
      }
      if (key_ != Key::kModel || !replaces_models()) {
        return begin_string(key_ == Key::kTier ? State::kTier : State::kString, token, in);
      }
      return begin_model(token, in);
    case '{':
    case '[':
      state_ = State::kNested;
      depth_ = 1;
      if (watch_ != StreamEnd::kNothing) return begin_watched(*token);
      if (key_ == Key::kUsage && *token == '{') begin_capture(token, in);
      return;
    // A number or literal was here.
    case ',':
    case '}':
      if (watch_ != StreamEnd::kNothing && watch_ != StreamEnd::kInner) end_->scalar(watch_, {});
      state_ = *token == ',' ? State::kMember : State::kAfter;
      return;
    default:
      state_ = State::kForeign;
      return;
  }
}

void JsonRewriter::begin_model(const char* quote, Piece& in) {
  in.out.append(between(in.unpassed, quote));
  in.unpassed = quote;
  begin_string(State::kModel, quote, in);
}

// At the bracket of a usage object, which is one level deeper than what it belongs to.
void JsonRewriter::begin_capture(const char* bracket, Piece& in) {
  opening_is_open_ = false;
  capturing_ = true;
  capture_.clear();
  in.uncaptured = bracket;
  end_depth_ = depth_ - 1;
}

void JsonRewriter::end_model(const char* quote, Piece& in) {
  state_ = after_value();
  const char* const behind = quote + 1;
  const std::size_t value_bytes = held_.size() + between(in.unpassed, behind).size();
  if (value_bytes > kModelBytesMax) {
    in.out.append(held_);
  } else {
    if (names_ != nullptr) look_up_replacement(held_ + std::string(between(in.unpassed, behind)));
    in.out.append(replacement_.view());
    if (in.model.empty()) {
      in.model = between(in.unpassed, behind);
      remember_opening(behind, in);
    } else {
      opening_is_open_ = false;
    }
    in.unpassed = behind;
  }
  held_.clear();
}

void JsonRewriter::look_up_replacement(std::string_view spelled) {
  if (spelled == looked_up_) return;
  looked_up_.assign(spelled);
  replacement_.assign(spelled);
  if (look_ups_ == kNamesMax) return;
  ++look_ups_;
  const auto value = JsonDocument::read(spelled);
  if (!value) return;
  const std::optional<std::string> name = names_->client_name(value->root().text());
  if (name) replacement_.assign(json_quoted(*name));
}

[[gnu::always_inline]] inline void JsonRewriter::take_nested(const char* token, Piece& in) {
  const char c = *token;
  if (state_ == State::kNestedString) {
    state_ = State::kNested;
    return take_nested_key(end_text(token, in));
  }
  if (state_ == State::kNestedColon) {
    state_ = State::kNested;
    if (c == ':') {
      if (in_part_) return begin_scalar(token, in);
      state_ = State::kInnerValue;
      return;
    }
  }
  if (c == '"') {
    if (is_among_keys()) begin_string(State::kNestedString, token, in);
    return;
  }
  if (c == '{' || c == '[') {
    if (opening_is_open_ && is_among_keys()) {
      remember_opening(token + 1, in);
      opening_is_open_ = false;
    }
    if (++depth_ == kPartDepth && in_parts_ && c == '{') {
      in_part_ = true;
      key_depth_ = kPartDepth;
      end_->begin_part();
    }
  } else if (c == '}' || c == ']') {
    if (depth_ == kPartDepth && std::exchange(in_part_, false)) end_part();
    if (--depth_ == end_depth_) end_nested(token, in);
  }
}

// A string of a part or of the inner object has ended, which may be a key.
void JsonRewriter::take_nested_key(std::string_view spelled) {
  if (in_part_) {
    watch_ = end_->find_part(spelled, string_escaped_);
    if (watch_ != StreamEnd::kNothing) state_ = State::kNestedColon;
  } else {
    key_ = key_of(spelled, string_escaped_);
    if (key_ != Key::kOther) state_ = State::kNestedColon;
  }
}

// In the value of the inner object's `model`, `usage` or `service_tier`.
void JsonRewriter::take_inner_value(const char* token, Piece& in) {
  state_ = State::kNested;
  if (*token == '"' && key_ == Key::kModel && replaces_models()) return begin_model(token, in);
  if (*token == '"' && key_ == Key::kTier) return begin_string(State::kTier, token, in);
  take_nested(token, in);
  if (*token == '{' && key_ == Key::kUsage) begin_capture(token, in);
}

void JsonRewriter::end_part() {
  key_depth_ = 0;
  end_->end_part();
}

// At the bracket that begins the value of a watched key of the top level.
void JsonRewriter::begin_watched(char bracket) {
  if (watch_ == StreamEnd::kParts) {
    end_->begin_parts();
    in_parts_ = bracket == '[';
  } else if (watch_ == StreamEnd::kInner) {
    if (bracket == '{') key_depth_ = kInnerDepth;
    opening_is_open_ = false;
  } else if (bracket == '{') {
    state_ = State::kWatchedObject;
  } else {
    end_->array(watch_);
  }
}

// In the value of a watched key, at the top or in a part.
void JsonRewriter::take_watched(const char* token, Piece& in) {
  const char c = *token;
  if (state_ == State::kWatchedString) {
    end_->text(watch_, end_text(token, in), string_escaped_);
    state_ = after_value();
    return;
  }
  if (state_ == State::kWatchedObject) {
    end_->object(watch_, c == '}' ? StreamEnd::Object::kEmpty : StreamEnd::Object::kFull);
    state_ = State::kNested;
    return take_nested(token, in);
  }
  switch (c) {
    case '"':
      return begin_string(State::kWatchedString, token, in);
    case '{':
      ++depth_;
      state_ = State::kWatchedObject;
      return;
    case '[':
      end_->array(watch_);
      break;
    default:
      end_->scalar(watch_, end_text(token, in));
      if (depth_ == 0) return end_value(c);
  }
  state_ = State::kNested;
  take_nested(token, in);
}

// At the bracket that ends a value of the top level, or the inner usage.
void JsonRewriter::end_nested(const char* bracket, Piece& in) {
  end_depth_ = 0;
  if (depth_ == 0) {
    state_ = State::kRest;
    in_parts_ = false;
    key_depth_ = 0;
  }
  if (!capturing_) return;
  SmallText<256>& usage = depth_ == 0 ? usage_ : inner_usage_;
  const std::string_view last = between(in.uncaptured, bracket + 1);
  if (capture_.empty() && last.size() <= kUsageBytesMax) {
    usage.assign(last);  // it came in one piece
  } else {
    keep_capture(last);
    if (capturing_) usage.assign(capture_);
  }
  capturing_ = false;
}

void JsonRewriter::end_piece(Piece& in) {
  if (keeps_token()) keep_token(between(in.string, in.end));
  if (capturing_) keep_capture(between(in.uncaptured, in.end));
  if (state_ != State::kModel) {
    in.out.append(between(in.unpassed, in.end));
    return;
  }
  held_.append(between(in.unpassed, in.end));
  if (held_.size() <= kModelBytesMax) return;
  in.out.append(held_);
  held_.clear();
  state_ = depth_ == 0 ? State::kString : State::kNestedString;
}

[[gnu::always_inline]] inline void JsonRewriter::begin_string(State state, const char* quote,
                                                              Piece& in) {
  state_ = state;
  in.string = quote + 1;
  string_escaped_ = tokens_.escapes();
  token_.clear();
}

// After the colon before a value of any type that matters.
void JsonRewriter::begin_scalar(const char* colon, Piece& in) {
  state_ = State::kWatched;
  in.string = colon + 1;
  token_.clear();
}

// The text between quotes, or of a number or literal, that ends here.
std::string_view JsonRewriter::end_text(const char* end, const Piece& in) {
  const std::string_view text = between(in.string, end);
  if (token_.empty() && text.size() <= kTokenBytesMax) return text;
  keep_token(text);
  return token_;
}

void JsonRewriter::scan(const char* at, Piece& in) {
  at = skip_space_around(at, in.end);
  while (at != in.end && state_ < State::kAfter) {
    const std::size_t size =
        std::min(static_cast<std::size_t>(in.end - at), JsonTokens::kBlockBytes);
    const JsonTokens::Tokens found = tokens_.next(at, size);
    if (tokens_.escapes()) string_escaped_ = true;
    std::uint64_t ahead = ~std::uint64_t{};
    while (true) {
      // Inside a nested value only brackets matter, and in a part its own strings.
      std::uint64_t tokens = found.brackets;
      if (state_ != State::kNested) {
        tokens |= found.quotes | found.separators;
      } else if (is_among_keys()) {
        tokens |= found.quotes;
      }
      tokens &= ahead;
      if (tokens == 0) break;
      ahead = ~(tokens ^ (tokens - 1));
      const char* const token = at + std::countr_zero(tokens);
      take(token, in);
      if (state_ < State::kAfter) continue;
      skip_space_around(token + 1, in.end);
      return;
    }
    at += size;
  }
}

// One byte more than the longest that matters shows that a token is too long. What is kept does not
// depend on how the token is cut.
void JsonRewriter::keep_token(std::string_view part) {
  do {
    const std::string_view kept = part.substr(0, kTokenBytesMax + 1 - token_.size());
    token_.append(kept);
    part.remove_prefix(kept.size());
  } while (!part.empty() && drop_leading_blanks(token_));
}

void JsonRewriter::keep_capture(std::string_view part) {
  if (part.size() > kUsageBytesMax - capture_.size()) {
    capturing_ = false;
  } else {
    capture_.append(part);
  }
}

}  // namespace penstock::wire
