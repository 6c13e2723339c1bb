#include "gateway/responder.h"

#include <string>
#include <utility>

#include "gateway/limit_fields.h"
#include "wire/apis/error_answer.h"
#include "wire/bodies/content_coding.h"

namespace penstock::gateway {

void Responder::add_common_fields(http::FieldBlock& fields) const {
  fields.add(http::FieldName::kXRequestId, "x-request-id", facts_.request_id.view());
  fields.add(environment_.fields);
  fields.add(own_fields_);
  if (facts_.is_routed) add_routing_fields(fields);
  if (facts_.retry_after) add_retry_fields(fields);
  if (facts_.should_not_retry) fields.add("x-should-retry", "false");
  if (facts_.budget_resets) {
    fields.add("x-penstock-budget-reset", date_text(*facts_.budget_resets));
  }
  if (shows_limits(facts_)) add_limit_fields(fields, facts_, environment_.loop);
}

// Who has answered, by names that the configuration gives.
void Responder::add_routing_fields(http::FieldBlock& fields) const {
  using http::FieldName;
  if (!facts_.target.empty()) {
    fields.add(FieldName::kOther, "x-penstock-target", facts_.target.view());
  }
  const std::size_t attempts = facts_.targets_asked.count();
  fields.add(FieldName::kOther, "x-penstock-attempts", std::to_string(attempts));
  if (facts_.is_fallback) fields.add("x-penstock-fallback", "yes");
  if (facts_.is_stripped) fields.add("x-penstock-modified", "encrypted_content");
}

void Responder::add_retry_fields(http::FieldBlock& fields) const {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*facts_.retry_after);
  fields.add("Retry-After", std::to_string(seconds.count()));
  fields.add("retry-after-ms", std::to_string(facts_.retry_after->count()));
}

Task<Status> Responder::respond(int status, std::string_view content_type, std::string_view body,
                                http::FieldBlock fields) {
  std::string masked;
  if (environment_.secrets.may_find(body)) {
    masked.assign(body);
    environment_.secrets.mask(masked);
    body = masked;
  }
  const std::span<const std::string_view> whole(&body, 1);
  co_return co_await respond_in_parts(status, content_type, whole, std::move(fields));
}

Task<Status> Responder::respond_in_parts(int status, std::string_view content_type,
                                         std::span<const std::string_view> body,
                                         http::FieldBlock fields) {
  http::Pieces pieces;
  for (const std::string_view part : body) pieces.add(part);
  http::FieldBlock all(environment_.scratch);
  add_common_fields(all);
  if (!pieces.empty()) all.add(http::FieldName::kContentType, "Content-Type", content_type);
  all.add(fields);
  head_sent(status, Body::kOther);
  Status written = co_await client_.respond(status, std::move(all), pieces);
  if (!written) co_return written;
  const bool is_fault = facts_.error.has_value();
  if (facts_.ending == telemetry::Ending::kInternal && !is_fault) {
    facts_.ending = telemetry::Ending::kCompleted;
  }
  co_return Status{};
}

// Adds what only the exchange knows about an error: why it was cancelled, and that the time of the
// whole request was over before that of a step.
Error Responder::truth_about(Error error) const {
  const bool gone = error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kClientGone;
  if (gone && client_.stopped()) {
    return Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down");
  }
  if (gone) return Error::client(ErrorKind::kClientGone, "the client has gone");
  if (error.kind == ErrorKind::kUpstreamTimeout && facts_.deadline <= environment_.loop.now()) {
    return Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                           "the request took longer than its time limit (timeouts.request)")
        .at_limit(Limit::kRequestTimeout);
  }
  return error;
}

void Responder::note(const Error& error) {
  environment_.recorder.limit_of(error);
  facts_.error = error.kind;
  facts_.ending = telemetry::ending_of(error.kind);
}

Task<void> Responder::fail(Error error) {
  error = truth_about(std::move(error));
  note(error);
  environment_.hidden.mask(error.message);
  if (head_sent_) co_return co_await send_error_event(error);
  const wire::ErrorAnswer answer = wire::answer_for(error);
  if (answer.status == 0) co_return;
  http::FieldBlock fields(environment_.scratch);
  if (answer.status == 401) fields.add("WWW-Authenticate", "Bearer");
  if (answer.status == 405) fields.add("Allow", allow_field(*facts_.endpoint));
  // What may be sent instead (RFC 9110 section 15.5.16).
  if (answer.status == 415) fields.add("Accept-Encoding", wire::kReadCodings);
  const bool is_told = facts_.retry_after.has_value();
  if (answer.status == 503 && !is_told) fields.add("Retry-After", "1");
  const std::string body = wire::error_body(error, facts_.error_form());
  Status sent = co_await respond(answer.status, kJsonType, body, std::move(fields));
  if (!sent) note(truth_about(std::move(sent.error())));
}

Task<void> Responder::send_error_event(const Error& error) {
  if (body_ != Body::kEvents || error.kind == ErrorKind::kClientGone) co_return;
  if (error_event_ == ErrorEvent::kNone) co_return;
  // An empty line ends the incomplete event.
  std::string event = error_event_ == ErrorEvent::kInsideEvent ? "\n\n" : "";
  event.append(
      wire::error_event(error, facts_.error_api, facts_.request_id.view(), next_sequence_));
  environment_.secrets.mask(event);
  // The answer is cut off after it in any case: this is not its last part.
  (void)co_await client_.write(event, http::ServerExchange::Last::kNo);
}

void Responder::head_sent(int status, Body body) {
  head_sent_ = true;
  facts_.status = status;
  body_ = body;
}

void Responder::stream_began() {
  facts_.is_stream = true;
  environment_.recorder.stream_began();
}

void Responder::completed() {
  facts_.ending =
      upstream_said_error_ ? telemetry::Ending::kUpstreamError : telemetry::Ending::kCompleted;
}

}  // namespace penstock::gateway
