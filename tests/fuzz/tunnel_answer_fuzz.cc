// A proxy's answer to CONNECT, of arbitrary bytes. The first byte chooses how the rest is cut.
// Whatever comes, the memory is bounded, and there is an end.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/tunnel_answer.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using penstock::fuzz::require;
  using penstock::http::TunnelAnswer;
  if (size == 0) return 0;
  const std::size_t piece_bytes = data[0] % 64 + 1;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

  TunnelAnswer answer;
  std::size_t taken = 0;
  while (!text.empty() && answer.status() == 0) {
    const std::span<char> room = answer.room();
    require(!room.empty());
    const std::size_t bytes = std::min({piece_bytes, room.size(), text.size()});
    text.copy(room.data(), bytes);
    text.remove_prefix(bytes);
    taken += bytes;
    const penstock::Status status = answer.received(bytes);
    if (!status) {
      require(status.error().kind == penstock::ErrorKind::kUpstreamInvalidResponse);
      require(status.error().retry == penstock::RetryClass::kNothingSent);
      return 0;
    }
    require(answer.status() == 0 || (answer.status() >= 200 && answer.status() <= 999));
    require(taken <= 17 * TunnelAnswer::kHeadBytesMax + 64);
  }
  return 0;
}
