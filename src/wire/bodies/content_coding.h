#pragma once

// Decoding HTTP content codings (RFC 9110 section 8.4.1), in pieces and within bounds.
//
// Decoded content can be a thousand times larger, and stacked codings multiply that: the output of
// each of them counts towards the bound.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace penstock::wire {

enum class ContentCoding : std::uint8_t {
  kGzip,     // RFC 1952, one or more members
  kDeflate,  // RFC 1950, or RFC 1951 without its wrapper, as some senders write it
  kZstd,     // RFC 8878, with windows of up to 8 MiB (RFC 9659)
};

// The value of an Accept-Encoding field with all of them.
inline constexpr std::string_view kReadCodings = "gzip, deflate, zstd";

// The codings of some content, in the order in which they were applied.
class ContentCodings {
 public:
  static constexpr std::size_t kMax = 3;

  // Adds those in a Content-Encoding field's value, ignoring `identity`. False if one is unknown,
  // or if there are more than kMax.
  bool add(std::string_view list);

  bool empty() const { return count_ == 0; }
  std::span<const ContentCoding> list() const { return {codings_.data(), count_}; }

 private:
  std::array<ContentCoding, kMax> codings_{};
  std::size_t count_ = 0;
};

// The decoder of one coding; the implementations are in the source file.
class ContentStage {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool sound = true;  // false: the input is not in this coding
  };

  virtual ~ContentStage() = default;
  // Decodes until `coded` or `out` is used up.
  virtual Step step(std::string_view coded, std::span<char> out) = 0;
  // The input so far is complete.
  virtual bool is_whole() const = 0;
  virtual std::size_t memory_bytes() const = 0;
};

class ContentDecoder {
 public:
  enum class Outcome : std::uint8_t {
    kProgress,   // there is more to do, even if no bytes were consumed or produced: call again
    kIdle,       // more input is needed, or more room
    kMalformed,  // also: something follows the end
    kTooLarge,   // more than the bound
  };
  struct Step {
    Outcome outcome;
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  // `bytes_max` bounds the output of each coding. Throws std::bad_alloc.
  ContentDecoder(const ContentCodings& codings, std::uint64_t bytes_max);

  // Does part of the work, in proportion to the sizes of `coded` and `out`.
  Step step(std::string_view coded, std::span<char> out);
  // Whether the decoded content is complete. Call after a step without input that returned kIdle.
  bool is_whole() const;

  // The decoder's own memory. It grows while it decodes.
  std::size_t memory_bytes() const;

 private:
  // A coding, and the output of the one before it that is not consumed yet.
  struct Link {
    std::unique_ptr<ContentStage> stage;
    std::unique_ptr<char[]> held;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint64_t produced = 0;
  };
  static constexpr std::size_t kHeldBytes = 16 * 1024;

  std::string_view held_by(const Link& link) const;
  std::span<char> room_of(Link& link);

  std::uint64_t bytes_max_;
  std::vector<Link> links_;  // in the order of decoding
};

}  // namespace penstock::wire
