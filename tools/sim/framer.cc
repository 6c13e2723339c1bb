#include "sim/framer.h"

#include <algorithm>

#include "http/serializer.h"

namespace penstock::sim {
namespace {

// Looks like the start of another answer, as from a desynchronised upstream.
constexpr std::string_view kRubbish = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

}  // namespace

Framer::Framer(const Behaviour& behaviour, http::Version version,
               std::optional<std::size_t> body_bytes)
    : extra_bytes_(behaviour.framing == BodyFraming::kExtraBytes),
      bad_chunk_(behaviour.framing == BodyFraming::kBadChunk),
      piece_bytes_max_(behaviour.piece_bytes_max),
      random_(behaviour.seed) {
  switch (behaviour.framing) {
    case BodyFraming::kNatural:
    case BodyFraming::kExtraBytes:
      chunked_ = !body_bytes;
      content_length_ = body_bytes;
      break;
    case BodyFraming::kChunked:
    case BodyFraming::kBadChunk:
      chunked_ = true;
      break;
    case BodyFraming::kUntilClose:
      until_close_ = true;
      break;
    case BodyFraming::kShortBody:
      content_length_ = body_bytes.value_or(0) + 1;
      until_close_ = true;
      break;
    case BodyFraming::kLengthAndChunked:
      chunked_ = true;
      content_length_ = body_bytes.value_or(0);
      break;
  }
  if (chunked_ && version == http::Version::kHttp10) {
    chunked_ = false;
    content_length_ = body_bytes;
    until_close_ = !body_bytes;
  }
}

void Framer::append_fields(std::string& out) const {
  if (content_length_) http::append_content_length(out, *content_length_);
  if (chunked_) out.append("Transfer-Encoding: chunked\r\n");
}

void Framer::append_data(std::string& out, std::string_view data) {
  if (!chunked_) {
    out.append(data);
    return;
  }
  while (!data.empty()) {
    std::size_t bytes = data.size();
    if (piece_bytes_max_ > 0) {
      bytes = std::min<std::size_t>(bytes, 1 + random_.next() % piece_bytes_max_);
    }
    append_chunk(out, data.substr(0, bytes));
    data.remove_prefix(bytes);
  }
}

void Framer::append_chunk(std::string& out, std::string_view data) {
  ++chunks_;
  if (bad_chunk_ && chunks_ == 2) {
    out.append("xyz\r\n");
  } else {
    http::append_chunk_header(out, data.size());
  }
  out.append(data).append(http::kChunkEnd);
}

void Framer::append_end(std::string& out) const {
  if (chunked_) out.append(http::kLastChunk);
  if (extra_bytes_) out.append(kRubbish);
}

}  // namespace penstock::sim
