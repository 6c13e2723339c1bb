#include "wire/json_rewriter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/text.h"
#include "wire/scan.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kModelKey = "model";
constexpr std::string_view kUsageKey = "usage";
constexpr std::string_view kErrorKey = "error";
constexpr std::string_view kFinishReasonKey = "finish_reason";
static_assert(kUsageKey.size() == kModelKey.size() && kErrorKey.size() == kModelKey.size());

// A key that is longer than this, spelled with an escape for every letter, is none of the above.
constexpr std::size_t kTokenBytesMax = 6 * kFinishReasonKey.size();

// Whether a text that is as long as the key is the key: a length that the compiler knows.
template <const std::string_view& kKey>
bool is(std::string_view text) {
  return std::memcmp(text.data(), kKey.data(), kKey.size()) == 0;
}

// Whether `spelled`, unescaped, is `key`, which is made of letters and underscores. Of the short
// escapes none stands for such a character.
bool unescapes_to(std::string_view spelled, std::string_view key) {
  for (char expected : key) {
    if (spelled.starts_with("\\u")) {
      if (utf16_unit(spelled.substr(2)) != static_cast<char32_t>(expected)) return false;
      spelled.remove_prefix(6);
    } else {
      if (!spelled.starts_with(expected)) return false;
      spelled.remove_prefix(1);
    }
  }
  return spelled.empty();
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

JsonRewriter::JsonRewriter(std::string_view model) {
  if (!model.empty()) replacement_.assign(json_quoted(model));
}

JsonRewriter::Key JsonRewriter::classify(std::string_view spelled, bool escaped) {
  if (escaped) {
    if (unescapes_to(spelled, kModelKey)) return Key::kModel;
    if (unescapes_to(spelled, kUsageKey)) return Key::kUsage;
    if (unescapes_to(spelled, kErrorKey)) return Key::kError;
    if (unescapes_to(spelled, kFinishReasonKey)) return Key::kFinishReason;
    return Key::kOther;
  }
  // Nearly every string is told from all four by its length.
  if (spelled.size() == kModelKey.size()) {
    if (is<kModelKey>(spelled)) return Key::kModel;
    if (is<kUsageKey>(spelled)) return Key::kUsage;
    if (is<kErrorKey>(spelled)) return Key::kError;
  }
  if (spelled.size() == kFinishReasonKey.size() && is<kFinishReasonKey>(spelled)) {
    return Key::kFinishReason;
  }
  return Key::kOther;
}

void JsonRewriter::feed(std::string_view piece, std::string& out) {
  if (piece.empty()) return;
  const char* const text = piece.data();
  const char* const end = text + piece.size();
  const bool begins = std::exchange(fresh_, false);
  if (begins && take_known_opening(piece, out)) piece.remove_prefix(opening_.size());
  const char* const begin = piece.data();
  Piece in{end, begin, begin, begin, out, begins ? text : nullptr};
  if (awaited_ != Key::kOther) look_at_value(begin, in.end);
  scan(begin, in);
  end_piece(in);
}

// Whether the text begins with the known opening, which is then done with.
bool JsonRewriter::take_known_opening(std::string_view piece, std::string& out) {
  if (opening_.empty() || !piece.starts_with(opening_)) return false;
  out.append(opening_, 0, opening_model_).append(replacement_.view());
  opening_is_plain_ = false;
  key_ = Key::kModel;
  state_ = State::kRest;
  return true;
}

// `model` to `end` is the value of a model that is replaced. What was replaced before it, or a
// usage object, would have to be remembered as well.
void JsonRewriter::remember_opening(const char* model, const char* end, const Piece& in) {
  if (!several_texts_ || in.text == nullptr || !std::exchange(opening_is_plain_, false)) return;
  const std::string_view opening = between(in.text, end);
  if (opening.size() > kOpeningBytesMax) return;
  opening_.assign(opening);
  opening_model_ = between(in.text, model).size();
}

void JsonRewriter::line_break(std::string& out) {
  tokens_.line_break();
  if (state_ == State::kModel) {
    out.append(held_);
    held_.clear();
    state_ = State::kString;
  }
  if (state_ == State::kKey || state_ == State::kNestedString) keep_token("\n");
  if (capturing_) keep_capture("\n");
}

void JsonRewriter::finish(std::string& out) {
  out.append(held_);
  held_.clear();
  tokens_.reset();
  state_ = State::kBefore;
  awaited_ = Key::kOther;
  capturing_ = false;
  fresh_ = true;
  several_texts_ = true;
  opening_is_plain_ = true;
}

// Outside of the object only space may stand.
const char* JsonRewriter::skip_space_around(const char* at, const char* end) {
  if (state_ != State::kBefore && state_ != State::kAfter) return at;
  at = skip_json_space(at, end);
  if (at == end) return at;
  state_ = state_ == State::kBefore && *at == '{' ? State::kMember : State::kForeign;
  return at + 1;
}

// What follows runs once for every token; a call for each would cost a third of the whole.
[[gnu::always_inline]] inline void JsonRewriter::take(const char* token, Piece& in) {
  const char c = *token;
  switch (state_) {
    case State::kMember:
      if (c == '"') return begin_string(State::kKey, token, in);
      state_ = c == '}' ? State::kAfter : State::kForeign;
      return;
    case State::kKey:
      key_ = end_key(token, in);
      state_ = State::kColon;
      return;
    case State::kColon:
      state_ = c == ':' ? State::kValue : State::kForeign;
      if (c != ':') return;
      if (key_ == Key::kError || key_ == Key::kFinishReason) {
        awaited_ = key_;
        look_at_value(token + 1, in.end);
      }
      return;
    case State::kValue:
      return take_value(token, in);
    case State::kModel:
      return end_model(token, in);
    case State::kString:
      state_ = State::kRest;
      return;
    case State::kRest:
      state_ = c == ',' ? State::kMember : c == '}' ? State::kAfter : State::kForeign;
      return;
    case State::kNested:
    case State::kNestedString:
    case State::kNestedColon:
      return take_nested(token, in);
    case State::kBefore:
    case State::kAfter:
    case State::kForeign:
      return;
  }
}

[[gnu::always_inline]] inline void JsonRewriter::take_value(const char* token, Piece& in) {
  switch (*token) {
    case '"':
      if (key_ != Key::kModel || replacement_.empty()) {
        return begin_string(State::kString, token, in);
      }
      in.out.append(in.unpassed, token);
      in.unpassed = token;
      return begin_string(State::kModel, token, in);
    case '{':
    case '[':
      state_ = State::kNested;
      depth_ = 1;
      if (key_ != Key::kUsage || *token != '{') return;
      opening_is_plain_ = false;
      capturing_ = true;
      capture_.clear();
      in.uncaptured = token;
      return;
    // A number or literal was here.
    case ',':
      state_ = State::kMember;
      return;
    case '}':
      state_ = State::kAfter;
      return;
    default:
      state_ = State::kForeign;
      return;
  }
}

void JsonRewriter::end_model(const char* quote, Piece& in) {
  state_ = State::kRest;
  const char* const behind = quote + 1;
  const std::size_t value_bytes = held_.size() + between(in.unpassed, behind).size();
  if (value_bytes > kModelBytesMax) {
    in.out.append(held_);
  } else {
    in.out.append(replacement_.view());
    remember_opening(in.unpassed, behind, in);
    in.unpassed = behind;
  }
  held_.clear();
}

[[gnu::always_inline]] inline void JsonRewriter::take_nested(const char* token, Piece& in) {
  const char c = *token;
  if (state_ == State::kNestedString) {
    state_ = end_key(token, in) == Key::kFinishReason ? State::kNestedColon : State::kNested;
    return;
  }
  if (state_ == State::kNestedColon) {
    state_ = State::kNested;
    if (c == ':') {
      awaited_ = Key::kFinishReason;
      return look_at_value(token + 1, in.end);
    }
  }
  if (c == '"') return begin_string(State::kNestedString, token, in);
  if (c == '{' || c == '[') ++depth_;
  if ((c == '}' || c == ']') && --depth_ == 0) end_nested(token, in);
}

// At the bracket that ends a value of the top level.
void JsonRewriter::end_nested(const char* bracket, Piece& in) {
  state_ = State::kRest;
  if (!capturing_) return;
  const std::string_view last = between(in.uncaptured, bracket + 1);
  if (capture_.empty() && last.size() <= kUsageBytesMax) {
    usage_.assign(last);  // it came in one piece
  } else {
    keep_capture(last);
    if (capturing_) usage_.assign(capture_);
  }
  capturing_ = false;
}

void JsonRewriter::end_piece(Piece& in) {
  if (state_ == State::kKey || state_ == State::kNestedString) {
    keep_token(between(in.string, in.end));
  }
  if (capturing_) keep_capture(between(in.uncaptured, in.end));
  if (state_ != State::kModel) {
    in.out.append(in.unpassed, in.end);
    return;
  }
  held_.append(in.unpassed, in.end);
  if (held_.size() <= kModelBytesMax) return;
  in.out.append(held_);
  held_.clear();
  state_ = State::kString;
}

[[gnu::always_inline]] inline void JsonRewriter::begin_string(State state, const char* quote,
                                                              Piece& in) {
  state_ = state;
  in.string = quote + 1;
  string_escaped_ = tokens_.escapes();
  token_.clear();
}

// What the string that ends here is as a key.
JsonRewriter::Key JsonRewriter::end_key(const char* quote, Piece& in) {
  std::string_view text = between(in.string, quote);
  if (!token_.empty()) {
    keep_token(text);
    text = token_;
  }
  return classify(text, string_escaped_);
}

// Behind the colon of a key whose value matters only in whether it is null.
void JsonRewriter::look_at_value(const char* at, const char* end) {
  at = skip_json_space(at, end);
  if (at == end) return;
  const bool null = *at == 'n';
  if (awaited_ == Key::kError && !null) saw_error_ = true;
  if (awaited_ == Key::kFinishReason && !null) saw_finish_reason_ = true;
  awaited_ = Key::kOther;
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
      // Inside a nested value only its strings and brackets matter; in an array of numbers that
      // leaves nothing to look at.
      const std::uint64_t separators = state_ == State::kNested ? 0 : found.separators;
      const std::uint64_t tokens = (found.shape | separators) & ahead;
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

// One byte more than the longest that matters tells that a token is too long.
void JsonRewriter::keep_token(std::string_view part) {
  token_.append(part.substr(0, kTokenBytesMax + 1 - token_.size()));
}

void JsonRewriter::keep_capture(std::string_view part) {
  if (part.size() > kUsageBytesMax - capture_.size()) {
    capturing_ = false;
  } else {
    capture_.append(part);
  }
}

}  // namespace penstock::wire
