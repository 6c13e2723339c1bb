// Chunked bodies of arbitrary bytes. The first byte chooses how the rest is cut; cutting must
// change neither the data nor where the body ends nor whether it is refused. Decoded data is also
// encoded again, and must decode to the same data.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/serializer.h"
#include "require.h"

namespace {

using namespace penstock::http;
using penstock::fuzz::require;

struct Outcome {
  std::string data;
  std::size_t consumed = 0;
  bool done = false;
  bool refused = false;
};

Outcome decode(std::string_view text, std::size_t piece_bytes) {
  ChunkedDecoder decoder(Direction::kResponse);
  Outcome outcome;
  while (!decoder.done() && outcome.consumed < text.size()) {
    const std::string_view piece = text.substr(outcome.consumed, piece_bytes);
    const auto step = decoder.step(piece);
    if (!step) {
      outcome.refused = true;
      return outcome;
    }
    require(step->consumed > 0 && step->consumed <= piece.size());
    require(step->data.size() <= step->consumed);
    outcome.consumed += step->consumed;
    outcome.data.append(step->data);
  }
  outcome.done = decoder.done();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = data[0] % 64 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

  const Outcome whole = decode(text, SIZE_MAX);
  const Outcome cut = decode(text, piece_bytes);
  require(whole.refused == cut.refused);
  require(whole.done == cut.done);
  require(whole.data == cut.data);
  if (!whole.done) return 0;
  require(whole.consumed == cut.consumed);

  std::string encoded;
  for (std::size_t at = 0; at < whole.data.size(); at += piece_bytes) {
    const std::string_view piece = std::string_view(whole.data).substr(at, piece_bytes);
    append_chunk_header(encoded, piece.size());
    encoded.append(piece).append(kChunkEnd);
  }
  encoded.append(kLastChunk);
  const Outcome again = decode(encoded, SIZE_MAX);
  require(again.done && again.data == whole.data && again.consumed == encoded.size());
  return 0;
}
