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

void AnswerWriter::begin_again(int status) {
  status_ = status;
  body_ = Exchange::Body::kOther;
  framing_ = {};
  head().clear();
  exchange_.begin_head(head(), status);
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

Eventual<Status> AnswerWriter::write(std::string_view data, Last last) {
  http::Pieces pieces;
  if (head_) {
    http::append_head_end(head());
    pieces.add(head());
    exchange_.head_sent(status_, body_);
  }
  const bool chunked = framing_.kind == Framing::Kind::kChunked;
  if (chunked && !data.empty()) {
    chunk_header_.clear();
    http::append_chunk_header(chunk_header_, data.size());
    pieces.add(chunk_header_);
  }
  pieces.add(data);
  if (chunked && !data.empty()) pieces.add(http::kChunkEnd);
  if (chunked && last == Last::kYes) pieces.add(http::kLastChunk);
  if (pieces.empty()) return Status{};
  Eventual<Status> writing = exchange_.connection().write(pieces);
  if (writing.is_ready()) return wrote(writing.take(), data.size());
  return write_rest(std::move(writing), data.size());
}

Task<Status> AnswerWriter::write_rest(Eventual<Status> writing, std::size_t data_bytes) {
  Status written = co_await std::move(writing);
  co_return wrote(std::move(written), data_bytes);
}

Status AnswerWriter::wrote(Status written, std::size_t data_bytes) {
  if (written) exchange_.add_body_bytes(data_bytes);
  head_.reset();
  return written;
}

void AnswerWriter::cut() {
  if (framing_.kind == Framing::Kind::kUntilClose) exchange_.connection().reset_on_close();
}

}  // namespace penstock::gateway
