#include "http/chunked.h"

#include <algorithm>

#include "core/text.h"
#include "http/characters.h"

namespace penstock::http {
namespace {

constexpr std::uint8_t kSizeDigitsMax = 16;
constexpr std::uint64_t kSizeMax = UINT64_MAX >> 1;

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::step(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const std::uint64_t run = std::min<std::uint64_t>(left_bytes_, input.size() - at);
      const std::string_view data = input.substr(at, run);
      left_bytes_ -= run;
      overhead_bytes_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(run, overhead_bytes_));
      if (left_bytes_ == 0) state_ = State::kDataCr;
      return Step{at + data.size(), data};
    }
    if (state_ == State::kSize && size_digits_ == 0) {
      const std::size_t line = take_plain_size(input.substr(at));
      at += line;
      if (line > 0) continue;
    }
    if (const char* const fault = take(input[at]); fault != nullptr) {
      if (direction_ == Direction::kResponse) {
        return failure(
            Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever, fault));
      }
      return failure(Error::client(ErrorKind::kMalformedRequest, fault));
    }
    ++at;
  }
  return Step{at, {}};
}

// The line that nearly every chunk begins with, if all of it is here: a few digits and CRLF, and
// not the last chunk. Returns its length, or 0 for anything else.
std::size_t ChunkedDecoder::take_plain_size(std::string_view input) {
  constexpr std::size_t kPlainDigitsMax = 6;
  const std::size_t most = std::min(input.size(), kPlainDigitsMax);
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < most; ++digits) {
    const int digit = hex_value(input[digits]);
    if (digit < 0) break;
    size = size * 16 + static_cast<std::uint64_t>(digit);
  }
  if (size == 0 || input.size() < digits + 2) return 0;
  if (input[digits] != '\r' || input[digits + 1] != '\n') return 0;
  left_bytes_ = size;
  state_ = State::kData;
  return digits + 2;
}

const char* ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::kSize:
      return take_size(c);
    case State::kExtensionName:
    case State::kExtensionValue:
    case State::kExtensionToken:
    case State::kExtensionQuoted:
    case State::kExtensionEscape:
    case State::kExtensionEnd:
      return take_extension(c);
    case State::kSizeLf:
      if (c != '\n') return "a chunk size is not followed by CRLF";
      start_data();
      return nullptr;
    case State::kDataCr:
      return move_on(c == '\r', State::kDataLf, "chunk data is not followed by CRLF");
    case State::kDataLf:
      if (c != '\n') return "chunk data is not followed by CRLF";
      start_size();
      return nullptr;
    case State::kTrailerStart:
    case State::kTrailerName:
    case State::kTrailerValue:
    case State::kTrailerLf:
    case State::kEndLf:
      return take_trailer(c);
    case State::kData:
    case State::kDone:
      break;  // step() passes no bytes in these states
  }
  return "the chunked decoder is not waiting for a byte";
}

const char* ChunkedDecoder::move_on(bool expected, State next, const char* otherwise) {
  if (!expected) return otherwise;
  state_ = next;
  return nullptr;
}

void ChunkedDecoder::start_size() {
  state_ = State::kSize;
  size_digits_ = 0;
  extension_bytes_ = 0;
  left_bytes_ = 0;
}

void ChunkedDecoder::start_data() {
  state_ = left_bytes_ > 0 ? State::kData : State::kTrailerStart;
}

const char* ChunkedDecoder::take_size(char c) {
  const int digit = hex_value(c);
  if (digit < 0) {
    if (size_digits_ == 0) return "a chunk size is missing";
    return take_after_extension(c);
  }
  if (size_digits_ == kSizeDigitsMax || left_bytes_ > (kSizeMax >> 4)) {
    return "a chunk size is too large";
  }
  ++size_digits_;
  left_bytes_ = left_bytes_ * 16 + static_cast<std::uint64_t>(digit);
  return nullptr;
}

// What may follow the size or a whole extension: another extension, or the line's end.
const char* ChunkedDecoder::take_after_extension(char c) {
  if (c == '\r') {
    state_ = State::kSizeLf;
    return nullptr;
  }
  if (c != ';') return "a chunk size is followed by neither an extension nor CRLF";
  state_ = State::kExtensionName;
  name_bytes_ = 0;
  return nullptr;
}

const char* ChunkedDecoder::take_extension(char c) {
  constexpr const char* kMalformed = "a chunk extension is malformed";
  if (++extension_bytes_ > kExtensionBytesMax) return "a chunk's extensions are too long";
  if (++overhead_bytes_ > kOverheadBytesMax) return "the body is mostly chunk extensions";
  switch (state_) {
    case State::kExtensionName:
      if (is_in(kTokenCharacter, c)) {
        ++name_bytes_;
        return nullptr;
      }
      if (name_bytes_ == 0) return kMalformed;
      if (c != '=') return take_after_extension(c);
      state_ = State::kExtensionValue;
      return nullptr;
    case State::kExtensionValue:
      if (c == '"') {
        state_ = State::kExtensionQuoted;
        return nullptr;
      }
      return move_on(is_in(kTokenCharacter, c), State::kExtensionToken, kMalformed);
    case State::kExtensionToken:
      return is_in(kTokenCharacter, c) ? nullptr : take_after_extension(c);
    case State::kExtensionQuoted:
      if (c == '"') state_ = State::kExtensionEnd;
      if (c == '\\') state_ = State::kExtensionEscape;
      return is_in(kValueCharacter, c) ? nullptr : kMalformed;
    case State::kExtensionEscape:
      return move_on(is_in(kValueCharacter, c), State::kExtensionQuoted, kMalformed);
    default:
      return take_after_extension(c);
  }
}

const char* ChunkedDecoder::take_trailer(char c) {
  if (++trailer_bytes_ > kTrailerBytesMax) return "the trailers are too long";
  switch (state_) {
    case State::kTrailerStart:
      if (c == '\r') {
        state_ = State::kEndLf;
        return nullptr;
      }
      state_ = State::kTrailerName;
      name_bytes_ = 0;
      return take_trailer_name(c);
    case State::kTrailerName:
      return take_trailer_name(c);
    case State::kTrailerValue:
      if (is_in(kValueCharacter, c)) return nullptr;
      return move_on(c == '\r', State::kTrailerLf, "a trailer contains a control character");
    case State::kTrailerLf:
      return move_on(c == '\n', State::kTrailerStart, "a trailer does not end in CRLF");
    default:
      return move_on(c == '\n', State::kDone, "a chunked body does not end in CRLF");
  }
}

const char* ChunkedDecoder::take_trailer_name(char c) {
  if (is_in(kTokenCharacter, c)) {
    if (name_bytes_ < name_.size()) name_[name_bytes_] = to_lower(c);
    ++name_bytes_;
    return nullptr;
  }
  if (c != ':' || name_bytes_ == 0) return "a trailer is not a field line";
  const std::string_view name(name_.data(), std::min(name_bytes_, name_.size()));
  const bool whole = name.size() == name_bytes_;
  if (whole && (name == "content-length" || name == "transfer-encoding")) {
    return "a trailer would change the body's framing";
  }
  state_ = State::kTrailerValue;
  return nullptr;
}

}  // namespace penstock::http
