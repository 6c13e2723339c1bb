#include "gateway/answer_writer.h"

#include "http/serializer.h"
#include "http/write_all.h"

namespace penstock::gateway {

using http::Framing;

AnswerWriter::AnswerWriter(Exchange& exchange, int status, Exchange::Body body)
    : exchange_(exchange), status_(status), body_(body) {
  head_.emplace(exchange.context().scratch);
  exchange.begin_head(head(), status);
}

void AnswerWriter::use_length(std::uint64_t length) {
  framing_ = {Framing::Kind::kLength, length};
  exchange_.append_length(head(), length);
}

void AnswerWriter::use_stream() {
  const bool chunks = exchange_.connection().request().version == http::Version::kHttp11;
  framing_.kind = chunks ? Framing::Kind::kChunked : Framing::Kind::kUntilClose;
  if (chunks) {
    http::append_field(head(), "Transfer-Encoding", "chunked");
  } else {
    exchange_.connection().end_after_this();
  }
}

Task<Status> AnswerWriter::write(std::string_view data, Last last) {
  http::ScratchPool::Text chunk_header(exchange_.context().scratch);
  http::Pieces pieces;
  if (head_) {
    http::append_head_end(head());
    pieces.add(head());
    exchange_.head_sent(status_, body_);
  }
  const bool chunked = framing_.kind == Framing::Kind::kChunked;
  if (chunked && !data.empty()) {
    http::append_chunk_header(*chunk_header, data.size());
    pieces.add(*chunk_header);
  }
  pieces.add(data);
  if (chunked && !data.empty()) pieces.add(http::kChunkEnd);
  if (chunked && last == Last::kYes) pieces.add(http::kLastChunk);
  if (pieces.empty()) co_return Status{};
  Status written = co_await exchange_.connection().write(pieces);
  if (written) exchange_.add_body_bytes(data.size());
  head_.reset();
  co_return written;
}

void AnswerWriter::cut() {
  if (framing_.kind == Framing::Kind::kUntilClose) exchange_.connection().reset_on_close();
}

}  // namespace penstock::gateway
