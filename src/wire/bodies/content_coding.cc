#include "wire/bodies/content_coding.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <ranges>

#include "core/text.h"

namespace penstock::wire {
namespace {

constexpr int kWindowBits = 15;  // the maximum of deflate
constexpr int kGzipBits = kWindowBits + 16;
constexpr int kRawBits = -kWindowBits;

// What zlib documents as its memory: its state, and a window of 32 KiB.
constexpr std::size_t kInflateBytes = 44 * 1024;

// RFC 9659: recipients need not support larger ones.
constexpr int kZstdWindowLog = 23;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// gzip, and deflate with and without its wrapper.
class InflateStage final : public ContentStage {
 public:
  explicit InflateStage(ContentCoding coding) : coding_(coding) {
    if (inflateInit2(&stream_, kGzipBits) != Z_OK) throw std::bad_alloc();
  }
  ~InflateStage() override { inflateEnd(&stream_); }
  InflateStage(const InflateStage&) = delete;
  InflateStage& operator=(const InflateStage&) = delete;

  Step step(std::string_view coded, std::span<char> out) override;
  bool is_whole() const override { return whole_; }
  std::size_t memory_bytes() const override { return kInflateBytes; }

 private:
  // Before the first byte of a stream. False if no stream may begin here.
  bool begin(char first);

  const ContentCoding coding_;
  z_stream stream_{};
  bool begun_ = false;
  bool whole_ = false;
  bool has_more_ = false;  // the last output was filled: there may be more without more input
};

bool InflateStage::begin(char first) {
  if (coding_ == ContentCoding::kGzip) {
    begun_ = true;
    return inflateReset(&stream_) == Z_OK;
  }
  // Something follows the end.
  if (begun_) return false;
  begun_ = true;
  // A wrapper begins with the number of the method. Without one, the same bits would be a stored
  // block with padding that no encoder writes.
  const bool wrapped = (first & 0x0F) == Z_DEFLATED;
  return inflateReset2(&stream_, wrapped ? kWindowBits : kRawBits) == Z_OK;
}

ContentStage::Step InflateStage::step(std::string_view coded, std::span<char> out) {
  Step done;
  while (done.produced < out.size() && (done.consumed < coded.size() || has_more_)) {
    if (!begun_ || whole_) {
      if (!begin(coded[done.consumed])) return {.sound = false};
      whole_ = false;
    }
    // zlib's interface lacks const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data() + done.consumed));
    stream_.avail_in = static_cast<uInt>(coded.size() - done.consumed);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + done.produced);
    stream_.avail_out = static_cast<uInt>(out.size() - done.produced);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    done.consumed = coded.size() - stream_.avail_in;
    done.produced = out.size() - stream_.avail_out;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_STREAM_END) whole_ = true;
    has_more_ = !whole_ && stream_.avail_out == 0;
    // No input was consumed and no output produced.
    if (result == Z_BUF_ERROR) break;
    if (result != Z_OK && result != Z_STREAM_END) return {.sound = false};
  }
  return done;
}

class ZstdStage final : public ContentStage {
 public:
  ZstdStage() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdWindowLog);
  }

  Step step(std::string_view coded, std::span<char> out) override;
  bool is_whole() const override { return begun_ && between_frames_; }
  std::size_t memory_bytes() const override { return ZSTD_sizeof_DCtx(context_.get()); }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  // The library also reads the formats before zstd 1.0, which no Content-Encoding means.
  static bool begins_frame(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte == (ZSTD_MAGICNUMBER & 0xFF) ||
           (byte & 0xF0) == (ZSTD_MAGIC_SKIPPABLE_START & 0xF0);
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool begun_ = false;
  bool between_frames_ = true;
  bool has_more_ = false;  // the last output was filled: there may be more without more input
};

ContentStage::Step ZstdStage::step(std::string_view coded, std::span<char> out) {
  ZSTD_inBuffer input{coded.data(), coded.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  while (output.pos < output.size && (input.pos < input.size || has_more_)) {
    if (between_frames_ && !begins_frame(coded[input.pos])) return {.sound = false};
    begun_ = true;
    const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation) throw std::bad_alloc();
    if (ZSTD_isError(left) != 0) return {.sound = false};
    between_frames_ = left == 0;
    has_more_ = !between_frames_ && output.pos == output.size;
  }
  return {.consumed = input.pos, .produced = output.pos};
}

std::unique_ptr<ContentStage> stage_for(ContentCoding coding) {
  if (coding == ContentCoding::kZstd) return std::make_unique<ZstdStage>();
  return std::make_unique<InflateStage>(coding);
}

}  // namespace

bool ContentCodings::add(std::string_view list) {
  struct Name {
    std::string_view name;
    ContentCoding coding;
  };
  // RFC 9110 section 8.4.1.3: x-gzip is the same as gzip.
  constexpr std::array kNames = {
      Name{"gzip", ContentCoding::kGzip},
      Name{"x-gzip", ContentCoding::kGzip},
      Name{"deflate", ContentCoding::kDeflate},
      Name{"zstd", ContentCoding::kZstd},
  };
  for (const auto part : std::views::split(list, ',')) {
    const std::string_view name = trimmed({part.begin(), part.end()});
    if (name.empty() || equals_ignoring_case(name, "identity")) continue;
    const auto known = std::ranges::find_if(
        kNames, [&](const Name& each) { return equals_ignoring_case(name, each.name); });
    if (known == kNames.end() || count_ == kMax) return false;
    codings_[count_++] = known->coding;
  }
  return true;
}

ContentDecoder::ContentDecoder(const ContentCodings& codings, std::uint64_t bytes_max)
    : bytes_max_(bytes_max) {
  // The coding that was applied last is decoded first.
  for (const ContentCoding coding : std::views::reverse(codings.list())) {
    Link& link = links_.emplace_back();
    link.stage = stage_for(coding);
    if (links_.size() > 1) link.held = std::make_unique_for_overwrite<char[]>(kHeldBytes);
  }
}

std::string_view ContentDecoder::held_by(const Link& link) const {
  return {link.held.get() + link.begin, link.end - link.begin};
}

std::span<char> ContentDecoder::room_of(Link& link) {
  if (link.begin == link.end) link.begin = link.end = 0;
  return {link.held.get() + link.end, kHeldBytes - link.end};
}

// From the last to the first, so that each coding finds the room that the next one has made.
ContentDecoder::Step ContentDecoder::step(std::string_view coded, std::span<char> out) {
  Step done{.outcome = Outcome::kIdle};
  for (std::size_t i = links_.size(); i-- > 0;) {
    Link& link = links_[i];
    const bool is_first = i == 0;
    const bool is_last = i + 1 == links_.size();
    const ContentStage::Step step =
        link.stage->step(is_first ? coded : held_by(link), is_last ? out : room_of(links_[i + 1]));
    if (!step.sound) return {.outcome = Outcome::kMalformed};
    if (step.consumed + step.produced > 0) done.outcome = Outcome::kProgress;
    link.produced += step.produced;
    if (link.produced > bytes_max_) return {.outcome = Outcome::kTooLarge};
    (is_first ? done.consumed : link.begin) += step.consumed;
    (is_last ? done.produced : links_[i + 1].end) += step.produced;
  }
  return done;
}

bool ContentDecoder::is_whole() const {
  return std::ranges::all_of(
      links_, [](const Link& link) { return link.begin == link.end && link.stage->is_whole(); });
}

std::size_t ContentDecoder::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Link& link : links_) {
    bytes += link.stage->memory_bytes() + (link.held ? kHeldBytes : 0);
  }
  return bytes;
}

}  // namespace penstock::wire
