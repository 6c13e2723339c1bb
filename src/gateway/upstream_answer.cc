#include "gateway/upstream_answer.h"

#include <algorithm>
#include <utility>

#include "gateway/limit_fields.h"
#include "http/content_codings.h"
#include "wire/apis/error_event.h"

namespace penstock::gateway {
namespace {

using http::Framing;

// How much of an error's body is read.
constexpr std::size_t kErrorBytesMax = 1024 * 1024;
// How long a stream is read after it has stated its end: something may follow (an error after
// Responses' `response.failed`), and usually the answer's own end, after which the connection can
// be reused. But some upstreams leave it open.
constexpr std::chrono::seconds kReadAfterEnd{1};

bool has_passing_body(BodyKind kind) {
  return kind == BodyKind::kEvents || kind == BodyKind::kJson || kind == BodyKind::kVerbatim;
}

AnswerBody::Options body_options(const Exchange& exchange, const Framing& framing,
                                 const wire::ModelNames* names) {
  const config::Server& server = exchange.server();
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

}  // namespace

UpstreamAnswer::UpstreamAnswer(AttemptScope& scope, const providers::Provider& provider,
                               bool shows_operators_credential, Answered answered,
                               const wire::ModelNames* names)
    : scope_(scope),
      provider_(provider),
      shows_operators_credential_(shows_operators_credential),
      answered_(std::move(answered)),
      status_(answered_.head->status),
      kind_(body_kind_of(*answered_.head)),
      framing_(answered_.head->framing),
      source_(answered_.upstream,
              http::codings_of(answered_.head->fields).value_or(wire::ContentCodings()),
              scope.exchange.client().bodies()),
      fields_(scope.exchange.scratch()) {
  copy_head(*answered_.head);
  if (!has_passing_body(kind_)) return;
  body_.emplace(kind_, body_options(scope.exchange, framing_, names));
  if (scope.exchange.counts_text()) {
    using Body = wire::TextMeter::Body;
    meter_ = std::make_unique<wire::TextMeter>(
        scope.exchange.facts().api(), kind_ == BodyKind::kEvents ? Body::kEvents : Body::kWhole);
  }
}

// The head is valid until the first read of the body.
void UpstreamAnswer::copy_head(const http::ResponseHead& head) {
  constexpr std::size_t kRequestIdBytesMax = 128;
  const PassingFields passing(head.fields, kind_);
  const bool has_own_limits = shows_limits(scope_.exchange.facts());
  for (const http::Field& field : head.fields) {
    if (!passing.contains(field)) continue;
    const bool waits =
        kind_ == BodyKind::kError && field.known_name == http::FieldName::kContentType;
    if (has_own_limits && is_limit_field(field.name)) {
      fields_.add(upstream_limit_field(field.name), field.value);
    } else {
      (waits ? content_type_ : fields_).add(field);
    }
  }
  const SecretGuard& secrets = scope_.exchange.secrets();
  secrets.mask(fields_.lines_after(0));
  if (!content_type_.empty()) secrets.mask(content_type_.lines_after(0));
  const auto id = head.fields.find(http::FieldName::kXRequestId);
  if (id && id->size() <= kRequestIdBytesMax) request_id_.assign(*id);
}

Status UpstreamAnswer::check_coding() const {
  if (kind_ != BodyKind::kCoded) return {};
  return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                                 "the upstream's answer is in a content coding that cannot be "
                                 "decoded, although only identity was requested"));
}

void UpstreamAnswer::becomes_error(std::string data) {
  status_ = wire::status_of_error(data);
  first_error_ = std::move(data);
}

net::WaitAny<2> UpstreamAnswer::wait_for_more(SteadyTime until) {
  net::Deadline& deadline = scope_.deadline;
  deadline.set(std::min(until, scope_.until(scope_.timeouts.between_bytes)));
  return net::wait_any(scope_.exchange.loop(), &deadline, *scope_.stop,
                       answered_.upstream.readable());
}

Status UpstreamAnswer::more_or_error(net::Woken woken) const {
  if (woken.by(*scope_.stop)) return failure(Error::cancelled());
  if (!woken.timed_out()) return {};
  return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                 "the upstream sent nothing for too long")
                     .at_limit(Limit::kBetweenBytesTimeout));
}

void UpstreamAnswer::take(const AnswerSource::Part& part) {
  if (!text_) text_.emplace(scope_.exchange.scratch());
  const std::size_t passed_before = tap_ == nullptr ? 0 : (*text_)->size() - body_->held();
  if (meter_) meter_->take(part.data);
  body_->feed(part.data, **text_);
  if (part.end) {
    body_->finish(**text_);
    ended_ = true;
  }
  if (tap_ != nullptr) tap(passed_before);
  if (!over_until_ && body_->is_over()) over_until_ = scope_.exchange.loop().now() + kReadAfterEnd;
}

// A whole JSON answer is held, unless it is large; then its front has its id.
void UpstreamAnswer::tap(std::size_t passed_before) {
  const SteadyTime now = scope_.exchange.loop().now();
  const std::string_view text = **text_;
  if (kind_ == BodyKind::kEvents) {
    tap_->take_events(text.substr(0, text.size() - body_->held()).substr(passed_before), now);
    if (ended_) tap_->end_events(now);
  } else if (ended_ || text.size() > scope_.exchange.server().limits.answer_buffer_bytes) {
    tap_->take_json(text, now);
  }
  if (tap_->is_done()) tap_.reset();
}

Task<Status> UpstreamAnswer::read_error() {
  if (error_is_read_) co_return Status{};
  text_.emplace(scope_.exchange.scratch());
  std::string& body = **text_;
  while (body.size() < kErrorBytesMax) {
    if (!source_.has_buffered()) {
      const net::Woken woken = co_await wait_for_more();
      Status more = more_or_error(woken);
      if (!more && more.error().kind == ErrorKind::kCancelled) co_return more;
      if (!more) break;
    }
    auto part = source_.read();
    if (!part) break;
    body.append(part->data);
    ended_ = part->end;
    if (!ended_) continue;
    error_is_whole_ = true;
    finish();
    break;
  }
  error_is_read_ = true;
  co_return Status{};
}

void UpstreamAnswer::finish() {
  if (!std::exchange(finished_, true)) answered_.upstream.finish();
}

void UpstreamAnswer::stop_reading() {
  if (ended_) return finish();
  if (!std::exchange(finished_, true)) answered_.upstream.finish_unread();
}

}  // namespace penstock::gateway
