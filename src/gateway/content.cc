#include "gateway/content.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "http/body_memory.h"
#include "http/content_codings.h"
#include "net/next_turn.h"
#include "wire/bodies/content_coding.h"

namespace penstock::gateway {
namespace {

using Outcome = wire::ContentDecoder::Outcome;

// The input and output of a step: less than a millisecond of work, whatever the content.
constexpr std::size_t kStepCodedBytes = 32 * 1024;
constexpr std::size_t kStepBytes = 256 * 1024;
// A step with less room than this is not worthwhile.
constexpr std::size_t kLeastRoomBytes = 4 * 1024;

Error not_in_its_coding(std::string_view what) {
  return Error::client(ErrorKind::kInvalidRequest,
                       "The request body could not be decompressed: " + std::string(what) + ".");
}

// The decoder, and the memory of it and its output.
class Unpacking {
 public:
  Unpacking(const wire::ContentCodings& codings, std::size_t bytes_max, http::BodyBudget& budget)
      : decoder_(codings, bytes_max), working_(budget), content_(budget) {}

  // Decodes a step of `coded`. Returns whether there is more to do.
  Result<bool> step(std::string_view& coded) {
    // Large enough for a typical body at once.
    const std::size_t guess = content_.size() == 0 ? 4 * coded.size() : kLeastRoomBytes;
    const std::size_t room = std::clamp(guess, kLeastRoomBytes, kStepBytes);
    if (!content_.make_room(room)) return failure(http::no_memory_for_bodies());
    const std::span<char> out = content_.room();
    const wire::ContentDecoder::Step step = decoder_.step(
        coded.substr(0, kStepCodedBytes), out.first(std::min(out.size(), kStepBytes)));
    if (step.outcome == Outcome::kTooLarge) return failure(http::body_too_large());
    if (step.outcome == Outcome::kMalformed) {
      return failure(not_in_its_coding("it does not match its Content-Encoding"));
    }
    coded.remove_prefix(step.consumed);
    content_.add(step.produced);
    if (Status counted = count_working_memory(); !counted) return failure(counted.error());
    if (step.outcome == Outcome::kProgress) return true;
    if (!coded.empty() || !decoder_.is_whole())
      return failure(not_in_its_coding("it is truncated"));
    return false;
  }

  http::BodyMemory take() { return std::move(content_); }

 private:
  Status count_working_memory() {
    const std::size_t bytes = decoder_.memory_bytes();
    if (bytes <= counted_) return {};
    if (!working_.take(bytes - counted_)) return failure(http::no_memory_for_bodies());
    counted_ = bytes;
    return {};
  }

  wire::ContentDecoder decoder_;
  std::size_t counted_ = 0;
  http::BodyBudget::Share working_;
  http::BodyMemory content_;
};

Task<Result<std::string_view>> unpack(Exchange& exchange, wire::ContentCodings codings) {
  http::ServerExchange& connection = exchange.client();
  Result<std::string_view> body = co_await connection.read_body();
  if (!body) co_return failure(std::move(body.error()));
  std::string_view coded = *body;
  Unpacking unpacking(codings, exchange.server().limits.body_bytes, connection.bodies());
  for (;;) {
    const Result<bool> more = unpacking.step(coded);
    if (!more) co_return failure(more.error());
    if (!*more) break;
    co_await net::next_turn(connection.loop());
    if (connection.gone().raised()) co_return failure(Error::cancelled());
  }
  co_return connection.replace_body(unpacking.take());
}

}  // namespace

Eventual<Result<std::string_view>> read_content(Exchange& exchange) {
  const std::optional<wire::ContentCodings> codings =
      http::codings_of(exchange.client().request().fields);
  if (!codings) {
    return Result<std::string_view>(
        failure(Error::client(ErrorKind::kUnsupportedMediaType,
                              "The Content-Encoding is not supported. Send plain JSON, or "
                              "up to three of these codings: " +
                                  std::string(wire::kReadCodings) + ".")));
  }
  if (codings->empty()) return exchange.client().read_body();
  return unpack(exchange, *codings);
}

}  // namespace penstock::gateway
