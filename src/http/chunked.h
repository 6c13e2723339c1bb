#pragma once

// Decoder of the chunked transfer coding (RFC 9112 section 7.1), resumable at every byte.
//
// Strict like the parser: sizes are 1 to 16 hexadecimal digits without overflow of 63 bits, lines
// end in CRLF, without white space around them. Chunk extensions are checked for form and skipped,
// at most kExtensionBytesMax for each chunk; in total, a body's extensions may exceed its data so
// far by at most kOverheadBytesMax (so that they cannot keep a connection busy for nothing).
// Trailers are checked for form, limited to kTrailerBytesMax in total, and dropped; one that would
// change the framing (Content-Length, Transfer-Encoding) is refused.
//
// A decoder serves one body of one connection and belongs to its thread. It holds a few words and
// none of the body. After an error it must not be used again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "http/head.h"

namespace penstock::http {

class ChunkedDecoder {
 public:
  static constexpr std::size_t kExtensionBytesMax = 256;
  static constexpr std::size_t kOverheadBytesMax = 16 * 1024;
  static constexpr std::size_t kTrailerBytesMax = 16 * 1024;

  struct Step {
    std::size_t consumed = 0;  // bytes of the input that have been processed
    std::string_view data;     // body bytes among them, as a view into the input; may be empty
  };

  // Decodes from the front of `input` up to and including the next run of body bytes, the end of
  // the body, or the end of the input. Call again with the rest until `consumed` is the whole input
  // or done(). Errors: kMalformedRequest for a request's body, kUpstreamInvalidResponse for a
  // response's.
  Result<Step> step(std::string_view input);

  bool done() const { return state_ == State::kDone; }

  explicit ChunkedDecoder(Direction direction) : direction_(direction) {}

 private:
  // What the next byte is. The extension states follow RFC 9112 section 7.1.1: *( ";" name [ "=" (
  // token / quoted-string ) ] ).
  enum class State : std::uint8_t {
    kSize,
    kExtensionName,
    kExtensionValue,
    kExtensionToken,
    kExtensionQuoted,
    kExtensionEscape,
    kExtensionEnd,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kDone,
  };

  // Long enough for Transfer-Encoding, the longest trailer name that is compared.
  static constexpr std::size_t kNameBytesKept = 17;

  // Each takes one byte and returns what is wrong with it; nullptr if nothing is.
  const char* take(char c);
  std::size_t take_plain_size(std::string_view input);
  const char* take_size(char c);
  const char* take_extension(char c);
  const char* take_after_extension(char c);
  const char* take_trailer(char c);
  const char* take_trailer_name(char c);
  const char* move_on(bool expected, State next, const char* otherwise);
  void start_data();
  void start_size();

  Direction direction_;
  State state_ = State::kSize;
  std::uint8_t size_digits_ = 0;
  std::uint16_t extension_bytes_ = 0;  // of this chunk
  std::uint32_t overhead_bytes_ = 0;   // extension bytes not yet offset by data
  std::uint32_t trailer_bytes_ = 0;
  std::uint64_t left_bytes_ = 0;             // of this chunk's data; while kSize, the size so far
  std::size_t name_bytes_ = 0;               // of this trailer
  std::array<char, kNameBytesKept> name_{};  // its first bytes, in lower case
};

}  // namespace penstock::http
