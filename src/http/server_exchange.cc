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
  framing_.begin({});
  body_bytes_sent_ = 0;
  if (context_.trusted != nullptr && !context_.trusted->empty()) {
    told_peer_ = client_of(head_.fields, stream_.peer(), *context_.trusted);
    is_told_ = true;
  }
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
  if (!ended_ && framing_.kind() == Framing::Kind::kUntilClose) stream_.reset_on_close();
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
  Framing framing;
  if (!has_no_body) framing = choose_framing(length);
  append_framing(out, framing);
  append_connection(out, framing);
  append_head_end(out);
  framing_.begin(carries_body_ ? framing : Framing{});
  Pieces pieces;
  pieces.add(status_line_.view());
  pieces.add(out);
  return pieces;
}

// RFC 9112 section 6: a body of unknown length is chunked, or ends with the connection where the
// client knows no chunks.
Framing ServerExchange::choose_framing(std::optional<std::uint64_t> length) {
  if (length) return {Framing::Kind::kLength, *length};
  if (head_.version == Version::kHttp11) return {Framing::Kind::kChunked, 0};
  end_after_this();
  return {Framing::Kind::kUntilClose, 0};
}

void ServerExchange::append_connection(std::string& out, const Framing& framing) const {
  if (!keep_alive()) {
    out.append("Connection: close\r\n");
  } else if (head_.version == Version::kHttp10 && framing.kind == Framing::Kind::kLength) {
    out.append("Connection: keep-alive\r\n");
  }
}

Eventual<Status> ServerExchange::send_part(Pieces pieces, std::string_view part, Last last) {
  if (!carries_body_) part = {};
  framing_.add(pieces, part, last);
  return send(pieces, part.size(), last);
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
