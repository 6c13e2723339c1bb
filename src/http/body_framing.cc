#include "http/body_framing.h"

#include <stdexcept>

#include "http/serializer.h"

namespace penstock::http {

void BodyFraming::add(Pieces& pieces, std::string_view part, Last last) {
  switch (framing_.kind) {
    case Framing::Kind::kNone:
      return;
    case Framing::Kind::kLength: {
      const std::uint64_t left = framing_.length;
      const bool is_sound = last == Last::kYes ? part.size() == left : part.size() <= left;
      if (!is_sound) throw std::logic_error("a body does not have the length that its head states");
      framing_.length = left - part.size();
      pieces.add(part);
      return;
    }
    case Framing::Kind::kChunked:
      if (!part.empty()) {
        chunk_header_.clear();
        append_chunk_header(chunk_header_, part.size());
        pieces.add(chunk_header_);
        pieces.add(part);
        pieces.add(kChunkEnd);
      }
      if (last == Last::kYes) pieces.add(kLastChunk);
      return;
    case Framing::Kind::kUntilClose:
      pieces.add(part);
      return;
  }
}

}  // namespace penstock::http
