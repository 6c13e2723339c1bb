#include "gateway/relay.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "gateway/answer_body.h"
#include "gateway/answer_head.h"
#include "http/serializer.h"
#include "net/wait.h"
#include "wire/error_answer.h"

namespace penstock::gateway {
namespace {

using http::Framing;
using http::ScratchPool;

// What is read of an error's body before it is cut.
constexpr std::size_t kErrorBytesMax = 1024 * 1024;

// Writes one answer's head and body to the client, and frames the body.
class AnswerWriter {
 public:
  // `head` is status line and fields, without framing and end.
  AnswerWriter(Exchange& exchange, int status, std::string head, Exchange::Body body)
      : exchange_(exchange), status_(status), head_(std::move(head)), body_(body) {}

  // How the client will know the end; before the first write.
  void use_length(std::uint64_t length) {
    framing_ = {Framing::Kind::kLength, length};
    http::append_content_length(head_, length);
  }
  void use_stream() {
    const bool chunks = exchange_.connection().request().version == http::Version::kHttp11;
    framing_.kind = chunks ? Framing::Kind::kChunked : Framing::Kind::kUntilClose;
    if (chunks) http::append_field(head_, "Transfer-Encoding", "chunked");
  }
  bool framed() const { return framing_.kind != Framing::Kind::kNone; }
  std::string& head() { return head_; }

  enum class Last : bool { kNo, kYes };
  Task<Status> write(std::string_view data, Last last) {
    ScratchPool::Text chunk_header(exchange_.context().scratch);
    http::Pieces pieces;
    if (!head_sent_) {
      http::append_head_end(head_);
      pieces.add(head_);
      exchange_.head_sent(status_, body_);
      head_sent_ = true;
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
    if (!head_.empty()) head_ = {};
    co_return written;
  }

  // Without chunks, a client of HTTP/1.0 learns of a broken answer by a reset only.
  void cut() {
    if (framing_.kind == Framing::Kind::kUntilClose) exchange_.connection().reset_on_close();
  }
  // The end of the connection is the end of the answer.
  bool ends_by_close() const { return framing_.kind == Framing::Kind::kUntilClose; }

 private:
  Exchange& exchange_;
  int status_;
  std::string head_;
  Exchange::Body body_;
  Framing framing_;
  bool head_sent_ = false;
};

// The upstream's fields that pass. Those of an error's Content-Type wait until it is known whether
// the body passes as it is.
struct PassingFields {
  std::string text;
  std::string content_type;
};
PassingFields passing_fields(const http::Fields& fields, BodyKind kind) {
  PassingFields passing;
  for (const http::Field& field : fields) {
    if (!passes_to_client(fields, field.name)) continue;
    const bool waits = kind == BodyKind::kError && equals_ignoring_case(field.name, "content-type");
    http::append_field(waits ? passing.content_type : passing.text, field.name, field.value);
  }
  return passing;
}

Task<Status> wait_for_more(Exchange& exchange, providers::Passthrough& provider,
                           http::UpstreamConnection& upstream) {
  if (upstream.has_buffered()) co_return Status{};
  http::ServerConnection& client = exchange.connection();
  net::Deadline& deadline = client.deadline();
  deadline.set(exchange.until(provider.between_bytes_timeout()));
  const std::size_t woken = co_await net::wait_any(exchange.context().loop, &deadline,
                                                   client.gone(), upstream.readable());
  if (woken == 1) co_return Status{};
  if (woken == 0) {
    co_return failure(Error::client(ErrorKind::kClientGone, "the client has gone"));
  }
  const bool whole_request = exchange.request_time_is_over();
  exchange.context().shard.limit_hit(whole_request ? telemetry::Limit::kRequestTimeout
                                                   : telemetry::Limit::kBetweenBytesTimeout);
  co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                    whole_request ? "the request took longer than it may"
                                                  : "the upstream paused for too long"));
}

// Reads an error's body, up to a bound.
Task<Status> read_error_body(Exchange& exchange, providers::Passthrough& provider,
                             http::UpstreamConnection& upstream, std::string& body) {
  while (body.size() < kErrorBytesMax) {
    Status more = co_await wait_for_more(exchange, provider, upstream);
    if (!more) co_return failure(std::move(more.error()));
    auto part = upstream.read_body();
    if (!part) co_return failure(std::move(part.error()));
    body.append(part->data);
    if (part->end) break;
  }
  co_return Status{};
}

Task<Status> relay_error(Exchange& exchange, providers::Passthrough& provider,
                         http::UpstreamConnection& upstream, int status, AnswerWriter& writer,
                         std::string_view content_type_field) {
  ScratchPool::Text body(exchange.context().scratch);
  Status read = co_await read_error_body(exchange, provider, upstream, *body);
  // The status is what matters most: an error whose text breaks off is still that error.
  if (!read && read.error().kind == ErrorKind::kClientGone) co_return read;
  if (!read || !nlohmann::json::accept(*body)) {
    *body = wire::wrapped_upstream_error(status, *body);
    writer.head().append("Content-Type: application/json\r\n");
  } else {
    writer.head().append(content_type_field);
  }
  writer.use_length(body->size());
  co_return co_await writer.write(*body, AnswerWriter::Last::kYes);
}

// The common way: read, rewrite, write. A whole JSON answer is held until its end or a bound, so
// that it can have a Content-Length; everything else goes out as it comes.
Task<Status> relay_body(Exchange& exchange, providers::Passthrough& provider,
                        http::UpstreamConnection& upstream, AnswerBody& body,
                        AnswerWriter& writer, std::size_t held_bytes_max) {
  std::optional<ScratchPool::Text> out;
  for (;;) {
    if (!upstream.has_buffered()) upstream.release_memory();
    Status more = co_await wait_for_more(exchange, provider, upstream);
    if (!more) co_return failure(std::move(more.error()));
    auto part = upstream.read_body();
    if (!part) co_return failure(std::move(part.error()));
    if (!out) out.emplace(exchange.context().scratch);
    if (!part->data.empty()) exchange.first_byte_seen();
    Status fed = body.feed(part->data, **out);
    if (part->end && fed) body.finish(**out);
    exchange.set_event_separator(body.event_separator());
    if (!fed) {
      exchange.context().shard.limit_hit(telemetry::Limit::kEventBytes);
      co_return failure(std::move(fed.error()));
    }
    const bool whole = part->end && body.is_whole();
    if (!writer.framed()) {
      if (!part->end && (*out)->size() <= held_bytes_max) continue;
      if (part->end) {
        writer.use_length((*out)->size());
      } else {
        writer.use_stream();
      }
    }
    const auto last = whole ? AnswerWriter::Last::kYes : AnswerWriter::Last::kNo;
    if (!(*out)->empty() || whole) {
      Status written = co_await writer.write(**out, last);
      if (!written) co_return failure(std::move(written.error()));
    }
    if (whole) co_return Status{};
    if (part->end) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever,
                                        "the upstream ended its stream before the answer's end"));
    }
    out.reset();
  }
}

}  // namespace

Task<Status> relay(Exchange& exchange, providers::Passthrough& provider, Answered& answered) {
  Context& context = exchange.context();
  const config::Server& server = context.settings.server;
  const http::ResponseHead& head = *answered.head;
  const int status = head.status;
  const BodyKind kind = body_kind_of(head);
  const Framing framing = head.framing;

  exchange.upstream_answered(status);
  if (const auto id = head.fields.find("x-request-id")) exchange.adopt_request_id(*id);
  const PassingFields passing = passing_fields(head.fields, kind);
  std::string text;
  exchange.begin_head(text, status);
  text.append(passing.text);
  if (!head.fields.find("date")) http::append_date(text, context.loop.wall());

  const bool events = kind == BodyKind::kEvents;
  AnswerWriter writer(exchange, status, std::move(text),
                      events ? Exchange::Body::kEvents : Exchange::Body::kOther);
  if (kind == BodyKind::kNone) {
    Status written = co_await writer.write({}, AnswerWriter::Last::kNo);
    if (written) exchange.completed();
    co_return written;
  }
  Status relayed;
  if (kind == BodyKind::kError) {
    relayed = co_await relay_error(exchange, provider, *answered.connection, status, writer,
                                   passing.content_type);
  } else {
    AnswerBody::Options options;
    options.model = exchange.model();
    options.done = server.sse_done == config::SseDone::kStrip ? wire::DoneEvent::kStrip
                                                              : wire::DoneEvent::kPass;
    options.event_bytes_max = server.limits.event_bytes;
    AnswerBody body(kind, options);
    if (events) {
      // From here on the request may take long, and can not be sent again.
      exchange.connection().release_request();
      exchange.stream_began();
      writer.use_stream();
      if (!answered.connection->has_buffered()) {
        relayed = co_await writer.write({}, AnswerWriter::Last::kNo);
      }
    } else if (kind == BodyKind::kVerbatim) {
      if (framing.kind == Framing::Kind::kLength) {
        writer.use_length(framing.length);
      } else {
        writer.use_stream();
      }
    }
    if (relayed) {
      relayed = co_await relay_body(exchange, provider, *answered.connection, body, writer,
                                    server.limits.answer_buffer_bytes);
    }
    exchange.set_usage(body.usage());
  }
  if (relayed) {
    exchange.completed();
  } else if (!events) {
    writer.cut();
  }
  co_return relayed;
}

}  // namespace penstock::gateway
