#include "gateway/relay.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "core/json_reader.h"
#include "core/text.h"
#include "gateway/answer_body.h"
#include "gateway/answer_head.h"
#include "gateway/answer_source.h"
#include "gateway/answer_writer.h"
#include "http/content_codings.h"
#include "net/next_turn.h"
#include "net/wait.h"
#include "wire/apis/error_answer.h"
#include "wire/apis/error_event.h"

namespace penstock::gateway {
namespace {

using http::Framing;
using http::ScratchPool;

// How much of an error's body is read.
constexpr std::size_t kErrorBytesMax = 1024 * 1024;
// How long a stream is read after it has stated its end: something may follow (an error after
// Responses' `response.failed`), and usually the answer's own end, after which the connection can
// be reused. But some upstreams leave it open.
constexpr std::chrono::seconds kReadAfterEnd{1};
// Errors within these bounds pass unchanged: more than any error needs, and few milliseconds of
// reading. Others are treated as text.
constexpr JsonBounds kErrorBounds{.depth = 256, .values = 50'000};

// Adds the upstream's fields that pass. An error's Content-Type goes to `waiting` until it is known
// whether the body passes unchanged.
void add_passing_fields(http::FieldBlock& out, http::FieldBlock& waiting,
                        const http::Fields& fields, BodyKind kind, const SecretGuard& secrets) {
  const PassingFields passing(fields, kind);
  const std::size_t begin = out.bytes();
  for (const http::Field& field : fields) {
    if (!passing.contains(field)) continue;
    const bool waits =
        kind == BodyKind::kError && field.known_name == http::FieldName::kContentType;
    (waits ? waiting : out).add(field);
  }
  secrets.mask(out.lines_after(begin));
  secrets.mask(waiting.lines_after(0));
}

// A wait for more of the upstream's body, until `until` at most; more_or_error() says how it ended.
net::WaitAny<2> wait_for_more(Exchange& exchange, providers::Provider& provider,
                              http::UpstreamExchange& upstream,
                              SteadyTime until = net::Deadline::kNever) {
  net::Deadline& deadline = exchange.client().deadline();
  deadline.set(std::min(until, exchange.until(provider.between_bytes_timeout())));
  return net::wait_any(exchange.loop(), &deadline, exchange.client().gone(), upstream.readable());
}

Status more_or_error(Exchange& exchange, net::Woken woken) {
  if (woken.by(exchange.client().gone())) return failure(Error::cancelled());
  if (!woken.timed_out()) return {};
  return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                 "the upstream sent nothing for too long")
                     .at_limit(Limit::kBetweenBytesTimeout));
}

// Reads an error's body, up to a bound.
Task<Status> read_error_body(Exchange& exchange, providers::Provider& provider,
                             AnswerSource& source, std::string& body) {
  while (body.size() < kErrorBytesMax) {
    if (!source.has_buffered()) {
      const net::Woken woken = co_await wait_for_more(exchange, provider, source.upstream());
      Status more = more_or_error(exchange, woken);
      if (!more) co_return failure(std::move(more.error()));
    }
    auto part = source.read();
    if (!part) co_return failure(std::move(part.error()));
    body.append(part->data);
    if (part->end) break;
  }
  co_return Status{};
}

// What the client gets for an upstream's error: its text, if that is JSON and about the client's
// request, else an error object of the gateway's with the text in its message.
struct ErrorBody {
  std::string text;
  bool is_upstreams = false;
};
ErrorBody error_body_of(const Exchange& exchange, int status, const providers::Provider& provider,
                        BodyKind kind, std::string_view text, const Status& read) {
  const wire::ErrorForm form = exchange.facts().error_form();
  const bool is_readable = kind != BodyKind::kCodedError;
  if (exchange.facts().shows_operators_credential && wire::is_refusal_of_credential(status, text)) {
    return {wire::refused_credential_error(status, provider.id(), is_readable ? text : "", form)};
  }
  if (!is_readable) return {wire::coded_upstream_error(status, form)};
  if (!read || !JsonDocument::read(text, kErrorBounds)) {
    return {wire::wrapped_upstream_error(status, text, form)};
  }
  return {std::string(text), true};
}

Task<Status> relay_error(Exchange& exchange, providers::Provider& provider, AnswerSource& source,
                         int status, BodyKind kind, AnswerWriter& writer,
                         const http::FieldBlock& content_type) {
  const SecretGuard& secrets = exchange.secrets();
  ScratchPool::Text text(exchange.scratch());
  Status read = co_await read_error_body(exchange, provider, source, *text);
  // The status matters most: an error whose text breaks off is still that error.
  if (!read && read.error().kind == ErrorKind::kCancelled) co_return read;
  // First in the upstream's spelling: the gateway's object escapes it once more.
  secrets.mask(*text);
  ErrorBody body = error_body_of(exchange, status, provider, kind, *text, read);
  if (body.is_upstreams) {
    writer.fields().add(content_type);
  } else {
    writer.fields().add("Content-Type", kJsonType);
  }
  writer.use_length(body.text.size());
  co_return co_await writer.write(body.text, AnswerWriter::Last::kYes);
}

// A stream that begins with an error, before anything of it was sent: the client gets it as if the
// upstream had answered with it.
Task<Status> relay_first_error(Exchange& exchange, const providers::Provider& provider,
                               std::string_view event, AnswerWriter& writer) {
  std::string text = wire::event_data(event);
  const int status = wire::status_of_error(text);
  exchange.secrets().mask(text);
  const ErrorBody body =
      error_body_of(exchange, status, provider, BodyKind::kError, text, Status());
  writer.begin_again(status);
  writer.fields().add("Content-Type", kJsonType);
  writer.use_length(body.text.size());
  co_return co_await writer.write(body.text, AnswerWriter::Last::kYes);
}

// The wait for a stream's first event. Its head is held until `head_until`, so that an error can
// still have its own status, and then sent.
Task<Status> await_first_event(Exchange& exchange, providers::Provider& provider,
                               http::UpstreamExchange& upstream, AnswerWriter& writer,
                               SteadyTime head_until) {
  const net::EventLoop& loop = exchange.loop();
  if (head_until > loop.now()) {
    const net::Woken woken = co_await wait_for_more(exchange, provider, upstream, head_until);
    if (!woken.timed_out() || head_until > loop.now()) co_return more_or_error(exchange, woken);
  }
  co_return co_await writer.write({}, AnswerWriter::Last::kNo);
}

Error ended_too_early() {
  return Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever,
                         "the upstream's answer ended before it was complete");
}

// Whether an answer progresses: heartbeats alone do not keep it alive. Another limit covers
// silence, so it is enough to check when something has arrived.
class Progress {
 public:
  Progress(Exchange& exchange, const AnswerBody& body)
      : exchange_(exchange), body_(body), since_(exchange.loop().now()) {}

  // After each part of the body.
  Status check() {
    if (body_.events_passed_in_part() != passed_in_part_) {
      passed_in_part_ = body_.events_passed_in_part();
      exchange_.recorder().limit_hit(Limit::kEventBytes);
    }
    const SteadyTime now = exchange_.loop().now();
    const std::uint64_t progress = body_.progress();
    const auto in_large_event = [this] {
      return body_.error_event() == Responder::ErrorEvent::kInsideEvent;
    };
    if (progress != seen_ || in_large_event()) {
      seen_ = progress;
      since_ = now;
      return {};
    }
    const auto longest = exchange_.server().timeouts.between_events;
    if (longest.count() == 0 || now - since_ < longest) return {};
    return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                   "the upstream sent nothing but heartbeats for too long")
                       .at_limit(Limit::kBetweenEventsTimeout));
  }

 private:
  Exchange& exchange_;
  const AnswerBody& body_;
  SteadyTime since_;
  std::uint64_t seen_ = 0;
  std::size_t passed_in_part_ = 0;
};

// The common case: read, rewrite, write. A whole JSON answer is held until its end or a bound, so
// that it can have a Content-Length; an event of a stream is held until it has ended, and the head
// for the first event, until `head_until`; everything else is sent as it arrives.
Task<Status> relay_body(Exchange& exchange, providers::Provider& provider, AnswerSource& source,
                        AnswerBody& body, AnswerWriter& writer, std::size_t held_bytes_max,
                        std::optional<SteadyTime> head_until) {
  std::optional<ScratchPool::Text> out;
  std::optional<SteadyTime> over_until;  // a stream has stated its end
  Progress progress(exchange, body);
  SecretGuard::Stream secrets(exchange.secrets());
  for (;;) {
    bool is_over = over_until && exchange.loop().now() >= *over_until;
    if (!is_over && !source.has_buffered()) {
      source.upstream().release_memory();
      if (head_until && !writer.head_is_sent()) {
        Status waited =
            co_await await_first_event(exchange, provider, source.upstream(), writer, *head_until);
        if (!waited) co_return failure(std::move(waited.error()));
      }
      const net::Woken woken = co_await wait_for_more(exchange, provider, source.upstream(),
                                                      over_until.value_or(net::Deadline::kNever));
      is_over = woken.timed_out() && over_until && exchange.loop().now() >= *over_until;
      Status more = is_over ? Status() : more_or_error(exchange, woken);
      if (!more) co_return failure(std::move(more.error()));
    } else if (source.is_decoding()) {
      co_await net::next_turn(exchange.loop());
      if (exchange.client().gone().raised()) co_return failure(Error::cancelled());
    }
    auto part = is_over ? AnswerSource::Part{.data = {}, .end = true} : source.read();
    if (!part) co_return failure(std::move(part.error()));
    if (!out) out.emplace(exchange.scratch());
    if (!part->data.empty()) exchange.first_byte_seen();
    body.feed(part->data, **out);
    if (part->end) body.finish(**out);
    if (!over_until && body.is_over()) over_until = exchange.loop().now() + kReadAfterEnd;
    exchange.responder().set_error_event(body.error_event());
    if (body.saw_error() && !writer.head_is_sent()) {
      const std::string_view first = body.first_error(**out);
      if (!first.empty()) co_return co_await relay_first_error(exchange, provider, first, writer);
    }
    const bool whole = part->end && body.is_whole();
    if (part->end && !whole && !writer.knows_form()) co_return failure(ended_too_early());
    Status going_on = part->end ? Status() : progress.check();
    if (!going_on) co_return failure(std::move(going_on.error()));
    if (!writer.knows_form()) {
      if (!part->end && (*out)->size() <= held_bytes_max) continue;
      if (part->end) {
        writer.use_length((*out)->size());
      } else {
        writer.use_stream();
      }
    }
    const auto last = whole ? AnswerWriter::Last::kYes : AnswerWriter::Last::kNo;
    const std::span<char> leaving = std::span<char>(**out).first((*out)->size() - body.held());
    std::size_t ready = leaving.size();
    if (part->end) {
      secrets.finish(leaving);
    } else {
      ready = secrets.mask(leaving);
    }
    if (ready > 0 || whole || (!head_until && !writer.head_is_sent())) {
      Status written = co_await writer.write(std::string_view(**out).substr(0, ready), last);
      if (!written) co_return failure(std::move(written.error()));
    }
    // Nothing is added after the upstream's own error.
    if (whole || (part->end && body.saw_error())) co_return Status{};
    if (part->end) co_return failure(ended_too_early());
    if (ready == (*out)->size()) {
      out.reset();
    } else {
      (*out)->erase(0, ready);
    }
  }
}

AnswerBody::Options body_options(const Exchange& exchange, const config::Server& server,
                                 const Framing& framing, const wire::ModelNames* names) {
  AnswerBody::Options options;
  options.api = exchange.facts().api();
  options.model = exchange.facts().model.view();
  options.names = names;
  options.done =
      server.sse_done == config::SseDone::kStrip ? wire::DoneEvent::kStrip : wire::DoneEvent::kPass;
  options.event_bytes_max = server.limits.event_bytes;
  if (framing.kind == Framing::Kind::kUntilClose) options.end = AnswerBody::End::kByClose;
  return options;
}

// An answer with a body that passes, of any kind but an error.
Task<Status> relay_passing(Exchange& exchange, providers::Provider& provider, AnswerSource& source,
                           BodyKind kind, Framing framing, const wire::ModelNames* names,
                           AnswerWriter& writer) {
  const config::Server& server = exchange.server();
  AnswerBody body(kind, body_options(exchange, server, framing, names));
  std::optional<SteadyTime> head_until;
  if (kind == BodyKind::kEvents) {
    // From here on the request may take long, and cannot be sent again.
    exchange.client().release_request();
    exchange.responder().stream_began();
    writer.use_stream();
    head_until = exchange.loop().now() + server.timeouts.first_event;
  } else if (kind == BodyKind::kVerbatim) {
    if (framing.kind == Framing::Kind::kLength && !source.is_decoding()) {
      writer.use_length(framing.length);
    } else {
      writer.use_stream();
    }
  }
  Status relayed = co_await relay_body(exchange, provider, source, body, writer,
                                       server.limits.answer_buffer_bytes, head_until);
  if (exchange.passing().spends == Spends::kYes) exchange.facts().usage = body.usage();
  exchange.responder().set_next_sequence(body.next_sequence());
  // Told by its status, an error is a whole answer.
  if (body.saw_error() && writer.status() < 400) exchange.responder().upstream_said_error();
  co_return relayed;
}

}  // namespace

Task<Status> relay(Exchange& exchange, providers::Provider& provider, Answered& answered,
                   const wire::ModelNames* names) {
  // Valid until the first read of the body: what is needed later is copied.
  const http::ResponseHead& head = *answered.head;
  const int status = head.status;
  const BodyKind kind = body_kind_of(head);
  const Framing framing = head.framing;
  AnswerSource source(answered.upstream,
                      http::codings_of(head.fields).value_or(wire::ContentCodings()),
                      exchange.client().bodies());

  exchange.facts().attempts.last().status = status;
  if (kind == BodyKind::kCoded) {
    co_return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                                      "the upstream's answer is in a content coding that cannot "
                                      "be decoded, although only identity was requested"));
  }
  if (const auto id = head.fields.find(http::FieldName::kXRequestId)) {
    exchange.adopt_request_id(*id);
  }
  AnswerWriter writer(
      exchange, status,
      kind == BodyKind::kEvents ? Responder::Body::kEvents : Responder::Body::kOther);
  http::FieldBlock content_type;
  add_passing_fields(writer.fields(), content_type, head.fields, kind, exchange.secrets());

  Status relayed;
  switch (kind) {
    case BodyKind::kNone:
      relayed = co_await writer.write({}, AnswerWriter::Last::kYes);
      break;
    case BodyKind::kError:
    case BodyKind::kCodedError:
      relayed =
          co_await relay_error(exchange, provider, source, status, kind, writer, content_type);
      break;
    default:
      relayed = co_await relay_passing(exchange, provider, source, kind, framing, names, writer);
  }
  if (relayed) exchange.responder().completed();
  co_return relayed;
}

}  // namespace penstock::gateway
