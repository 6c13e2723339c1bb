#pragma once

// UpstreamAnswer: an upstream's answer, from its head to its end.
//
// Nothing of it has reached the client until the relay (gateway/relay.h) sends its head; until then
// it can be dropped, and another attempt's answer be sent instead. What has been read and not sent
// is in text(). Belongs to the attempt's coroutine; dropping it before its end resets the
// connection.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/small_text.h"
#include "core/task.h"
#include "gateway/answer_body.h"
#include "gateway/answer_head.h"
#include "gateway/answer_source.h"
#include "gateway/attempt_scope.h"
#include "gateway/forward.h"
#include "gateway/pin_tap.h"
#include "http/field_block.h"
#include "http/scratch.h"
#include "net/wait.h"
#include "providers/provider.h"
#include "wire/bodies/model_names.h"

namespace penstock::gateway {

class UpstreamAnswer {
 public:
  // Of `answered`, nothing but the head has been read. `names`: of models that the client has named
  // earlier; null: it names them now. All of it outlives the answer.
  UpstreamAnswer(AttemptScope& scope, const providers::Provider& provider,
                 bool shows_operators_credential, Answered answered, const wire::ModelNames* names);
  UpstreamAnswer(const UpstreamAnswer&) = delete;
  UpstreamAnswer& operator=(const UpstreamAnswer&) = delete;

  int status() const { return status_; }
  wire::Api api() const { return scope_.exchange.facts().api(); }
  net::EventLoop& loop() const { return scope_.exchange.loop(); }
  // Nobody waits for it any more.
  bool is_stopped() const { return scope_.stop->raised(); }
  BodyKind kind() const { return kind_; }
  // Fails if its body is in a content coding that cannot be decoded.
  Status check_coding() const;
  // A body that passes: not an error's.
  bool has_body() const { return body_.has_value(); }
  http::Framing framing() const { return framing_; }
  bool is_error() const { return kind_ == BodyKind::kError || kind_ == BodyKind::kCodedError; }
  // The upstream's fields that pass, credentials masked; but not those in content_type(), which
  // pass only if the body passes unchanged.
  http::FieldBlock& fields() { return fields_; }
  const http::FieldBlock& content_type() const { return content_type_; }
  // The upstream's id for the request; empty: it states none.
  std::string_view request_id() const { return request_id_.view(); }
  const providers::Provider& provider() const { return provider_; }
  // Whether the request carried a credential of the operator's.
  bool shows_operators_credential() const { return shows_operators_credential_; }

  // Its stream begins with an error, whose data this is: it becomes an answer with that status.
  void becomes_error(std::string data);
  // The data of that error; empty: there is none.
  const std::string& first_error() const { return first_error_; }

  AnswerSource& source() { return source_; }
  // Of an answer that passes: neither an error nor one without a body.
  AnswerBody& body() { return *body_; }
  const AnswerBody& body() const { return *body_; }

  // Reads along, until it is done. Before the first part is taken.
  void set_tap(std::unique_ptr<PinTap> tap) { tap_ = std::move(tap); }

  // A wait for more of the body, until `until` at most; more_or_error() says how it ended.
  net::WaitAny<2> wait_for_more(SteadyTime until = net::Deadline::kNever);
  Status more_or_error(net::Woken woken) const;
  // Takes a part of the body: text() grows.
  void take(const AnswerSource::Part& part);
  // The stream has stated its end some time ago, and its upstream does not end the answer.
  bool is_over() const { return over_until_ && scope_.exchange.loop().now() >= *over_until_; }
  SteadyTime over_until() const { return over_until_.value_or(net::Deadline::kNever); }
  // How much text the body has had; nullopt: nobody counts it.
  std::optional<wire::TextSize> text_size() const {
    return meter_ ? std::optional(meter_->size()) : std::nullopt;
  }
  bool has_text() const { return text_.has_value(); }
  // Of an answer that has some.
  std::string& text() { return **text_; }
  void release_text() { text_.reset(); }
  // The last part has been taken.
  bool ended() const { return ended_; }

  // Reads an error's body into text(), up to a bound. An error whose body breaks off is still that
  // error; kCancelled is the only failure.
  Task<Status> read_error();
  // After read_error(): whether its body came to its end.
  bool error_is_whole() const { return error_is_whole_; }

  // Gives the connection back, after the end of the body.
  void finish();
  // The rest of the body is not wanted: the connection is given back, or closed if the upstream
  // still answers. What has been read stays.
  void stop_reading();

 private:
  void copy_head(const http::ResponseHead& head);
  void tap(std::size_t passed_before);

  AttemptScope& scope_;
  const providers::Provider& provider_;
  const bool shows_operators_credential_;
  Answered answered_;
  int status_;
  const BodyKind kind_;
  const http::Framing framing_;
  AnswerSource source_;
  http::FieldBlock fields_;
  http::FieldBlock content_type_;
  SmallText<48> request_id_;
  std::optional<AnswerBody> body_;
  std::optional<http::ScratchPool::Text> text_;
  std::unique_ptr<wire::TextMeter> meter_;  // null: nobody counts its text
  std::unique_ptr<PinTap> tap_;             // null: nobody reads along
  std::string first_error_;
  std::optional<SteadyTime> over_until_;
  bool ended_ = false;
  bool error_is_read_ = false;
  bool error_is_whole_ = false;
  bool finished_ = false;
};

}  // namespace penstock::gateway
