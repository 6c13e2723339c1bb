#include "gateway/relay.h"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "core/json_reader.h"
#include "core/text.h"
#include "gateway/answer_writer.h"
#include "net/next_turn.h"
#include "net/wait.h"
#include "wire/apis/error_answer.h"
#include "wire/apis/error_event.h"

namespace penstock::gateway {
namespace {

using http::Framing;

// Errors within these bounds pass unchanged: more than any error needs, and few milliseconds of
// reading. Others are treated as text.
constexpr JsonBounds kErrorBounds{.depth = 256, .values = 50'000};

// What the client gets for an upstream's error: its text, if that is JSON and about the client's
// request, else an error object of the gateway's with the text in its message.
struct ErrorBody {
  std::string text;
  bool is_upstreams = false;
};
ErrorBody error_body_of(const Exchange& exchange, const UpstreamAnswer& answer, int status,
                        std::string_view text, bool is_whole) {
  const wire::ErrorForm form = exchange.facts().error_form();
  const bool is_readable = answer.kind() != BodyKind::kCodedError;
  if (answer.shows_operators_credential() && wire::is_refusal_of_credential(status, text)) {
    return {wire::refused_credential_error(status, answer.provider().id(), is_readable ? text : "",
                                           form)};
  }
  if (!is_readable) return {wire::coded_upstream_error(status, form)};
  if (!is_whole || !JsonDocument::read(text, kErrorBounds)) {
    return {wire::wrapped_upstream_error(status, text, form)};
  }
  return {std::string(text), true};
}

Task<Status> relay_error(Exchange& exchange, UpstreamAnswer& answer, AnswerWriter& writer) {
  Status read = co_await answer.read_error();
  if (!read) co_return read;
  // First in the upstream's spelling: the gateway's object escapes it once more.
  exchange.secrets().mask(answer.text());
  ErrorBody body =
      error_body_of(exchange, answer, answer.status(), answer.text(), answer.error_is_whole());
  if (body.is_upstreams) {
    writer.fields().add(answer.content_type());
  } else {
    writer.fields().add("Content-Type", kJsonType);
  }
  writer.use_length(body.text.size());
  co_return co_await writer.write(body.text, AnswerWriter::Last::kYes);
}

// A stream that begins with an error, before anything of it was sent: the client gets it as if the
// upstream had answered with it.
Task<Status> relay_first_error(Exchange& exchange, const UpstreamAnswer& answer,
                               AnswerWriter& writer) {
  std::string text = answer.first_error();
  exchange.secrets().mask(text);
  const ErrorBody body = error_body_of(exchange, answer, answer.status(), text, /*is_whole=*/true);
  writer.begin_again(answer.status());
  writer.fields().add("Content-Type", kJsonType);
  writer.use_length(body.text.size());
  co_return co_await writer.write(body.text, AnswerWriter::Last::kYes);
}

// The wait for a stream's first event. Its head is held until `head_until`, so that an error can
// still have its own status, and then sent.
Task<Status> await_first_event(Exchange& exchange, UpstreamAnswer& answer, AnswerWriter& writer,
                               SteadyTime head_until) {
  const net::EventLoop& loop = exchange.loop();
  if (head_until > loop.now()) {
    const net::Woken woken = co_await answer.wait_for_more(head_until);
    if (!woken.timed_out() || head_until > loop.now()) co_return answer.more_or_error(woken);
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

// Whether the whole of the answer, or more of it than is held, has come: it then gets its form.
bool settle_form(const Exchange& exchange, UpstreamAnswer& answer, AnswerWriter& writer) {
  const std::size_t held = answer.text().size();
  if (answer.ended()) {
    writer.use_length(held);
  } else if (held > exchange.server().limits.answer_buffer_bytes) {
    writer.use_stream();
  }
  return writer.knows_form();
}

// Masks the credentials in what may leave now, and returns how much that is.
std::size_t mask_leaving(SecretGuard::Stream& secrets, UpstreamAnswer& answer) {
  std::string& out = answer.text();
  const std::span<char> leaving = std::span<char>(out).first(out.size() - answer.body().held());
  if (!answer.ended()) return secrets.mask(leaving);
  secrets.finish(leaving);
  return leaving.size();
}

// The common case: read, rewrite, write. A whole JSON answer is held until its end or a bound, so
// that it can have a Content-Length; an event of a stream is held until it has ended, and the head
// for the first event, until `head_until`; everything else is sent as it arrives.
Task<Status> relay_body(Exchange& exchange, UpstreamAnswer& answer, AnswerWriter& writer,
                        std::optional<SteadyTime> head_until) {
  AnswerSource& source = answer.source();
  AnswerBody& body = answer.body();
  Progress progress(exchange, body);
  SecretGuard::Stream secrets(exchange.secrets());
  // What was read while the answer was held comes first.
  for (bool must_read = !answer.has_text();; must_read = true) {
    if (must_read) {
      bool is_over = answer.is_over();
      if (!is_over && !source.has_buffered()) {
        source.upstream().release_memory();
        if (head_until && !writer.head_is_sent()) {
          Status waited = co_await await_first_event(exchange, answer, writer, *head_until);
          if (!waited) co_return failure(std::move(waited.error()));
        }
        const net::Woken woken = co_await answer.wait_for_more(answer.over_until());
        is_over = woken.timed_out() && answer.is_over();
        Status more = is_over ? Status() : answer.more_or_error(woken);
        if (!more) co_return failure(std::move(more.error()));
      } else if (source.is_decoding()) {
        co_await net::next_turn(exchange.loop());
        if (exchange.client().gone().raised()) co_return failure(Error::cancelled());
      }
      auto part = is_over ? AnswerSource::Part{.data = {}, .end = true} : source.read();
      if (!part) co_return failure(std::move(part.error()));
      answer.take(*part);
      if (!part->data.empty()) exchange.first_byte_seen();
    } else {
      exchange.first_byte_seen();
    }
    std::string& out = answer.text();
    exchange.responder().set_error_event(body.error_event());
    if (body.saw_error() && !writer.head_is_sent()) {
      const std::string_view first = body.first_error(out);
      if (!first.empty()) {
        answer.becomes_error(wire::event_data(first));
        co_return co_await relay_first_error(exchange, answer, writer);
      }
    }
    const bool ended = answer.ended();
    const bool whole = ended && body.is_whole();
    if (ended && !whole && !writer.knows_form()) co_return failure(ended_too_early());
    Status going_on = ended ? Status() : progress.check();
    if (!going_on) co_return failure(std::move(going_on.error()));
    if (!writer.knows_form() && !settle_form(exchange, answer, writer)) continue;
    const auto last = whole ? AnswerWriter::Last::kYes : AnswerWriter::Last::kNo;
    const std::size_t ready = mask_leaving(secrets, answer);
    if (ready > 0 || whole || (!head_until && !writer.head_is_sent())) {
      Status written = co_await writer.write(std::string_view(out).substr(0, ready), last);
      if (!written) co_return failure(std::move(written.error()));
    }
    // Nothing is added after the upstream's own error.
    if (whole || (ended && body.saw_error())) co_return Status{};
    if (ended) co_return failure(ended_too_early());
    if (ready == out.size()) {
      answer.release_text();
    } else {
      out.erase(0, ready);
    }
  }
}

// Before the relay of a body that passes. Until when the head of a stream is held; nullopt: it is
// no stream.
std::optional<SteadyTime> begin_passing(Exchange& exchange, UpstreamAnswer& answer,
                                        AnswerWriter& writer) {
  if (answer.kind() == BodyKind::kEvents) {
    // From here on the request may take long, and cannot be sent again.
    exchange.client().release_request();
    exchange.responder().stream_began();
    writer.use_stream();
    return exchange.loop().now() + exchange.server().timeouts.first_event;
  }
  if (answer.kind() == BodyKind::kVerbatim) {
    const Framing framing = answer.framing();
    if (framing.kind == Framing::Kind::kLength && !answer.source().is_decoding()) {
      writer.use_length(framing.length);
    } else {
      writer.use_stream();
    }
  }
  return std::nullopt;
}

// After it, however it ended.
void end_passing(Exchange& exchange, const UpstreamAnswer& answer, const AnswerWriter& writer) {
  const AnswerBody& body = answer.body();
  if (exchange.passing().spends == Spends::kYes) {
    exchange.facts().usage = body.usage();
    exchange.facts().answer_text = answer.text_size();
  }
  exchange.responder().set_next_sequence(body.next_sequence());
  // Told by its status, an error is a whole answer.
  if (body.saw_error() && writer.status() < 400) exchange.responder().upstream_said_error();
}

}  // namespace

Task<Status> relay(Exchange& exchange, UpstreamAnswer& answer) {
  const BodyKind kind = answer.kind();
  Status readable = answer.check_coding();
  if (!readable) co_return failure(std::move(readable.error()));
  if (!answer.request_id().empty()) exchange.adopt_request_id(answer.request_id());
  if (exchange.facts().retry_after || exchange.facts().should_not_retry) {
    for (const std::string_view told : {"retry-after", "retry-after-ms", "x-should-retry"}) {
      answer.fields().remove(told);
    }
  }

  AnswerWriter writer(
      exchange, answer.status(),
      kind == BodyKind::kEvents ? Responder::Body::kEvents : Responder::Body::kOther,
      std::move(answer.fields()));

  Status relayed;
  if (!answer.first_error().empty()) {
    relayed = co_await relay_first_error(exchange, answer, writer);
  } else if (kind == BodyKind::kNone) {
    relayed = co_await writer.write({}, AnswerWriter::Last::kYes);
  } else if (answer.is_error()) {
    relayed = co_await relay_error(exchange, answer, writer);
  } else {
    const std::optional<SteadyTime> head_until = begin_passing(exchange, answer, writer);
    relayed = co_await relay_body(exchange, answer, writer, head_until);
    end_passing(exchange, answer, writer);
  }
  if (!relayed) co_return failure(std::move(relayed.error()));
  exchange.responder().completed();
  answer.finish();
  co_return Status{};
}

}  // namespace penstock::gateway
