#include "gateway/answer_source.h"

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

#include "http/body_memory.h"

namespace penstock::gateway {
namespace {

using Outcome = wire::ContentDecoder::Outcome;

// What one read() decodes at most: well below a millisecond of work.
constexpr std::size_t kPartBytes = 64 * 1024;

Error not_in_its_coding() {
  return Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                         "the upstream's answer is not in the coding that its Content-Encoding "
                         "names");
}

Error coding_is_cut() {
  return Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever,
                         "the upstream's compressed answer ended before it was complete");
}

}  // namespace

struct AnswerSource::Decoding {
  Decoding(const wire::ContentCodings& codings, http::BodyBudget& budget)
      : decoder(codings, std::numeric_limits<std::uint64_t>::max()), memory(budget) {}

  // Whether the budget allows the decoder's present memory.
  bool count_memory() {
    const std::size_t bytes = decoder.memory_bytes() + sizeof(Decoding);
    if (bytes <= counted) return true;
    if (!memory.take(bytes - counted)) return false;
    counted = bytes;
    return true;
  }

  wire::ContentDecoder decoder;
  http::BodyBudget::Share memory;
  std::size_t counted = 0;
  std::string_view coded;  // of the upstream's buffer: not yet taken by the decoder
  bool ended = false;      // nothing follows `coded`
  bool begun = false;      // an empty body is in no coding, and passes
  std::array<char, kPartBytes> plain;
};

AnswerSource::AnswerSource(http::UpstreamExchange& upstream, const wire::ContentCodings& codings,
                           http::BodyBudget& budget)
    : upstream_(upstream) {
  if (!codings.empty()) decoding_ = std::make_unique<Decoding>(codings, budget);
}

AnswerSource::~AnswerSource() = default;

Result<AnswerSource::Part> AnswerSource::decode() {
  Decoding& decoding = *decoding_;
  if (!has_more_ && !decoding.ended) {
    auto part = upstream_.read_body();
    if (!part) return failure(std::move(part.error()));
    decoding.coded = part->data;
    decoding.ended = part->end;
    decoding.begun = decoding.begun || !part->data.empty();
  }
  const wire::ContentDecoder::Step step = decoding.decoder.step(decoding.coded, decoding.plain);
  if (step.outcome == Outcome::kMalformed || step.outcome == Outcome::kTooLarge) {
    return failure(not_in_its_coding());
  }
  if (!decoding.count_memory()) return failure(http::no_memory_for_bodies());
  decoding.coded.remove_prefix(step.consumed);
  has_more_ = step.outcome == Outcome::kProgress;
  Part part{.data = {decoding.plain.data(), step.produced}};
  if (has_more_) return part;
  if (!decoding.coded.empty()) return failure(not_in_its_coding());
  if (decoding.ended && decoding.begun && !decoding.decoder.is_whole()) {
    return failure(coding_is_cut());
  }
  part.end = decoding.ended;
  return part;
}

}  // namespace penstock::gateway
