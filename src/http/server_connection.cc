#include "http/server_connection.h"

#include <algorithm>
#include <utility>

#include "http/parser.h"
#include "net/wait.h"

namespace penstock::http {
ServerConnection::ServerConnection(const ServerContext& context,
                                   std::unique_ptr<net::Stream> stream, Client* client)
    : context_(context),
      stream_(context.loop, std::move(stream), context.limits),
      input_(context.scratch),
      client_(client),
      exchange_(context_, stream_, input_, client) {}

Task<void> ServerConnection::serve() {
  try {
    co_await serve_requests();
  } catch (...) {
    // A bug, or out of memory. The client must not take a partial answer for a whole one.
    stream_.reset_on_close();
    throw;
  }
}

Task<void> ServerConnection::serve_requests() {
  for (;;) {
    const Received received = co_await receive_head();
    if (received != Received::kRequest) co_return;
    if (client_ != nullptr) client_->set_not_in_the_middle();
    co_await context_.handler.handle(exchange_);
    RequestBody& body = exchange_.body_;
    if (!exchange_.may_go_on()) {
      exchange_.cut_off_unless_ended();
      body.release();
      if (client_ != nullptr && !body.is_done()) client_->set_in_the_middle();
      co_return co_await linger();
    }
    body.finish();
    input_.begin_next();
    if (client_ != nullptr) client_->request_ends();
  }
}

void ServerConnection::stop() {
  exchange_.stopped_ = true;
  stream_.cut();
}

void ServerConnection::drain() {
  exchange_.draining_ = true;
  drained_.raise();
}

Task<ServerConnection::Received> ServerConnection::receive_head() {
  const bool arrived = co_await wait_for_first_byte();
  if (!arrived) co_return Received::kNothing;
  if (client_ != nullptr) client_->request_begins();
  exchange_.request_started_ = context_.loop.now();
  stream_.deadline().set_after(context_.limits.header_timeout);
  std::size_t scanned = 0;
  for (;;) {
    if (!input_.empty()) {
      Result<Parsed> parsed =
          parse_request_head(input_.unread(), scanned, context_.limits.head, exchange_.head_);
      if (!parsed) {
        co_await refuse(std::move(parsed.error()));
        co_return Received::kNothing;
      }
      if (parsed->complete()) {
        input_.consume(parsed->head_bytes);
        exchange_.begin();
        first_request_ = false;
        co_return Received::kRequest;
      }
      scanned = input_.size();
    }
    if (!input_.make_room(context_.limits.head.bytes)) {
      Error error = Error::client(ErrorKind::kHeadTooLarge, "the request's head is too large")
                        .at_limit(Limit::kHeaderBytes);
      co_await refuse(std::move(error));
      co_return Received::kNothing;
    }
    if (client_ != nullptr) client_->set_in_the_middle();
    std::span<char> room = input_.room();
    Result<std::size_t> got = co_await stream_.read_some(room, Limit::kClientHeaderTimeout);
    if (!got) {
      const bool has_begun = !input_.empty();
      if (has_begun && !exchange_.stopped_) co_await refuse(std::move(got.error()));
      co_return Received::kNothing;
    }
    input_.received(*got);
  }
}

Task<bool> ServerConnection::wait_for_first_byte() {
  if (!input_.empty()) co_return !stream_.was_cut();
  stream_.deadline().set_after(patience());
  for (;;) {
    input_.release();
    // A request that has arrived when the drain begins is still served.
    const net::Woken woken = co_await net::wait_any(context_.loop, &stream_.deadline(),
                                                    stream_.readable(), stream_.gone(), drained_);
    if (woken.timed_out()) context_.handler.limit_hit(Limit::kIdleTimeout);
    if (!woken.by(stream_.readable()) || stream_.was_cut()) co_return false;
    // A raised signal may turn out to be nothing, and the connection is then still idle.
    if (!input_.make_room(context_.limits.head.bytes)) co_return false;
    const net::Transfer transfer = stream_.read(input_.room());
    if (transfer.kind == net::Transfer::Kind::kBytes) {
      input_.received(transfer.bytes);
      co_return true;
    }
    if (transfer.kind != net::Transfer::Kind::kWouldBlock) co_return false;
  }
}

// How long the next request may take to begin.
std::chrono::milliseconds ServerConnection::patience() const {
  if (first_request_) return context_.limits.header_timeout;
  const bool is_stranger =
      exchange_.key_refused_ && (client_ == nullptr || !client_->is_admitted());
  if (!is_stranger) return context_.limits.idle_timeout;
  return std::min(context_.limits.idle_timeout, context_.limits.refused_idle_timeout);
}

Task<void> ServerConnection::refuse(Error error) {
  const std::string_view bytes = input_.unread();
  const Refusal refusal = context_.handler.refuse(error, stream_.peer(), target_of(bytes));
  if (refusal.status == 0) co_return;
  const std::string answer = to_text(refusal, answer_to(bytes), context_.loop.wall());
  Pieces pieces;
  pieces.add(answer);
  const Status written = co_await stream_.write(pieces);
  if (written) co_await linger();
}

Task<void> ServerConnection::linger() {
  if (client_ != nullptr) client_->leaves();
  const std::optional<Limit> hit = co_await stream_.linger(context_.scratch);
  if (hit) context_.handler.limit_hit(*hit);
}

}  // namespace penstock::http
