#include "http/tunnel_answer.h"

#include <string_view>
#include <utility>

#include "http/parser.h"

namespace penstock::http {
namespace {

constexpr std::size_t kStepBytes = 1024;
constexpr int kTunnelInterimAnswersMax = 16;

std::unexpected<Error> unusable_answer(std::string message) {
  return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNothingSent,
                                 std::move(message)));
}

}  // namespace

// Larger than the limit by a step, so that there is always room.
std::span<char> TunnelAnswer::room() {
  buffer_.resize(used_ + kStepBytes);
  return {buffer_.data() + used_, kStepBytes};
}

Status TunnelAnswer::received(std::size_t bytes) {
  used_ += bytes;
  for (;;) {
    const std::string_view text(buffer_.data(), used_);
    const HeadLimits limits{.bytes = kHeadBytesMax, .fields = 100};
    const Result<Parsed> parsed = parse_response_head(text, scanned_, limits, head_);
    if (!parsed) return unusable_answer("the proxy's answer is not HTTP, or has too large a head");
    if (!parsed->complete()) {
      scanned_ = used_;
      return {};
    }
    if (head_.status >= 200) {
      status_ = head_.status;
      const bool is_tunnel = status_ < 300;
      if (!is_tunnel || parsed->head_bytes == used_) return {};
      return unusable_answer("the proxy sent something before the upstream was asked");
    }
    used_ -= parsed->head_bytes;
    buffer_.erase(0, parsed->head_bytes);
    scanned_ = 0;
    if (++interim_answers_ > kTunnelInterimAnswersMax) {
      return unusable_answer("the proxy sent too many interim answers");
    }
    if (used_ == 0) return {};
  }
}

}  // namespace penstock::http
