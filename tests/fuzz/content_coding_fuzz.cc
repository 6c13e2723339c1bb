// The decoder of content codings: its result must not depend on how content and room are cut, and
// it must keep to its bound and end.
//
// The first byte chooses the codings, the second how content and room are cut.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "require.h"
#include "wire/bodies/content_coding.h"

namespace {

using penstock::wire::ContentCodings;
using penstock::wire::ContentDecoder;
using Outcome = ContentDecoder::Outcome;
using penstock::fuzz::require;

// More than the decoder holds between two codings, and still little, so that a run is short.
constexpr std::size_t kBytesMax = 64 * 1024;
constexpr std::size_t kRoomMax = 8 * 1024;

struct Decoded {
  Outcome end;
  bool whole = false;
  std::string text;
};

Decoded decode(const ContentCodings& codings, std::string_view coded, std::size_t coded_step,
               std::size_t room) {
  ContentDecoder decoder(codings, kBytesMax);
  Decoded decoded{Outcome::kProgress, false, {}};
  std::vector<char> out(room);
  while (decoded.end == Outcome::kProgress) {
    // A separate allocation, so that the sanitizers detect a step too far.
    const std::string_view piece = coded.substr(0, coded_step);
    const std::vector<char> exact(piece.begin(), piece.end());
    const ContentDecoder::Step step = decoder.step({exact.data(), exact.size()}, out);
    require(step.consumed <= exact.size() && step.produced <= out.size());
    coded.remove_prefix(step.consumed);
    decoded.text.append(out.data(), step.produced);
    require(decoded.text.size() <= kBytesMax);
    decoded.end = step.outcome;
  }
  require(decoded.end != Outcome::kIdle || coded.empty());
  decoded.whole = decoded.end == Outcome::kIdle && decoder.is_whole();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::string_view kLists[] = {"gzip",       "deflate",       "zstd",
                                         "gzip, zstd", "zstd, deflate", "deflate, gzip, zstd"};
  ContentCodings codings;
  require(codings.add(kLists[data[0] % std::size(kLists)]));
  const std::string_view coded(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Decoded at_once = decode(codings, coded, coded.size() + 1, kRoomMax);
  // Bounds the number of steps: small cuts are for small content.
  const std::size_t least = 1 + (coded.size() + at_once.text.size()) / 256;
  const Decoded in_pieces = decode(codings, coded, least + data[1] % 16, least + data[1] / 16 * 7);
  require(in_pieces.whole == at_once.whole);
  require(!at_once.whole || in_pieces.text == at_once.text);
  return 0;
}
