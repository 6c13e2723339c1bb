#include "http/server_exchange.h"

#include <stdexcept>

namespace penstock::http {

ServerExchange::ServerExchange(const ServerContext& context, ClientStream& stream,
                               InputBuffer& input, Client* client)
    : context_(context),
      stream_(stream),
      input_(input),
      client_(client),
      body_(stream, input, context.scratch, context.limits, context.bodies) {}

void ServerExchange::begin() {
  body_.begin(head_);
  is_head_ = head_.method == "HEAD";
  has_responded_ = false;
  ended_ = false;
  framing_ = {};
  body_bytes_sent_ = 0;
}

void ServerExchange::release_request() {
  RequestHead kept;
  kept.version = head_.version;
  kept.framing = head_.framing;
  kept.keep_alive = head_.keep_alive;
  head_ = std::move(kept);
  body_.release();
  input_.release();
}

bool ServerExchange::keep_alive() const {
  return head_.keep_alive && body_.is_done() && !draining_ && !stream_.was_cut();
}

// Length and chunks show by themselves that the end is missing. Where the connection's end is the
// body's, only a reset does.
void ServerExchange::cut_off_unless_ended() {
  if (!ended_ && framing_.kind == Framing::Kind::kUntilClose) stream_.reset_on_close();
}

Eventual<Status> ServerExchange::respond(int status, FieldBlock&& fields, const Pieces& body) {
  Pieces pieces = begin_head(status, std::move(fields), body.bytes());
  if (!carries_body_) return send(pieces, 0, Last::kYes);
  pieces.add(body);
  return send(pieces, body.bytes(), Last::kYes);
}

Eventual<Status> ServerExchange::respond(int status, FieldBlock&& fields,
                                         std::optional<std::uint64_t> length, std::string_view part,
                                         Last last) {
  return send_part(begin_head(status, std::move(fields), length), part, last);
}

Eventual<Status> ServerExchange::write(std::string_view part, Last last) {
  if (!has_responded_ || ended_) throw std::logic_error("a body is written without its head");
  return send_part({}, part, last);
}

// The head's pieces, which point into the exchange.
Pieces ServerExchange::begin_head(int status, FieldBlock&& fields,
                                  std::optional<std::uint64_t> length) {
  if (has_responded_) throw std::logic_error("a request is answered a second time");
  has_responded_ = true;
  const bool has_no_body = status == 204 || status == 304;
  carries_body_ = !is_head_ && !has_no_body;
  status_line_.assign(status);
  fields_ = std::move(fields);
  std::string& out = fields_.lines_;
  if (!fields_.has(FieldName::kDate)) append_date(out, context_.loop.wall());
  if (!has_no_body) append_framing(out, length);
  append_connection(out);
  append_head_end(out);
  Pieces pieces;
  pieces.add(status_line_.view());
  pieces.add(out);
  return pieces;
}

// RFC 9112 section 6: a body of unknown length is chunked, or ends with the connection where the
// client knows no chunks.
void ServerExchange::append_framing(std::string& out, std::optional<std::uint64_t> length) {
  if (length) {
    framing_ = {Framing::Kind::kLength, *length};
    append_content_length(out, *length);
  } else if (head_.version == Version::kHttp11) {
    framing_.kind = Framing::Kind::kChunked;
    out.append("Transfer-Encoding: chunked\r\n");
  } else {
    framing_.kind = Framing::Kind::kUntilClose;
    end_after_this();
  }
}

void ServerExchange::append_connection(std::string& out) const {
  if (!keep_alive()) {
    out.append("Connection: close\r\n");
  } else if (head_.version == Version::kHttp10 && framing_.kind == Framing::Kind::kLength) {
    out.append("Connection: keep-alive\r\n");
  }
}

Eventual<Status> ServerExchange::send_part(Pieces pieces, std::string_view part, Last last) {
  if (!carries_body_) part = {};
  if (framing_.kind == Framing::Kind::kLength && carries_body_) {
    take_from_length(part.size(), last);
  }
  const bool is_chunked = framing_.kind == Framing::Kind::kChunked && carries_body_;
  if (is_chunked && !part.empty()) {
    chunk_header_.clear();
    append_chunk_header(chunk_header_, part.size());
    pieces.add(chunk_header_);
  }
  pieces.add(part);
  if (is_chunked && !part.empty()) pieces.add(kChunkEnd);
  if (is_chunked && last == Last::kYes) pieces.add(kLastChunk);
  return send(pieces, part.size(), last);
}

// What exceeds a body's length would be read as the next answer.
void ServerExchange::take_from_length(std::size_t bytes, Last last) {
  const bool is_sound = last == Last::kYes ? bytes == framing_.length : bytes <= framing_.length;
  if (!is_sound) throw std::logic_error("an answer does not have the length that its head states");
  framing_.length -= bytes;
}

Eventual<Status> ServerExchange::send(const Pieces& pieces, std::size_t body_bytes, Last last) {
  if (pieces.empty()) return sent(Status{}, 0, last);
  Eventual<Status> writing = stream_.write(pieces);
  if (writing.is_ready()) return sent(writing.take(), body_bytes, last);
  return send_rest(std::move(writing), body_bytes, last);
}

Task<Status> ServerExchange::send_rest(Eventual<Status> writing, std::size_t body_bytes,
                                       Last last) {
  Status written = co_await std::move(writing);
  co_return sent(std::move(written), body_bytes, last);
}

Status ServerExchange::sent(Status written, std::size_t body_bytes, Last last) {
  fields_.release();
  if (!written) return written;
  body_bytes_sent_ += body_bytes;
  if (last == Last::kYes) ended_ = true;
  return written;
}

}  // namespace penstock::http
