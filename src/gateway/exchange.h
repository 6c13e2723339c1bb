#pragma once

// Exchange: one client request, with all its attempts, until it is recorded.
//
// It holds what the phases find out, and every answer goes through it: respond() for the gateway's
// own answers, fail() for every error, and the relay for the upstream's. Created by the Gateway, in
// the frame of the request's coroutine.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/small_text.h"
#include "core/task.h"
#include "gateway/context.h"
#include "gateway/route_table.h"
#include "http/field_block.h"
#include "http/server_exchange.h"
#include "wire/apis/usage.h"

namespace penstock::gateway {

// The type of the gateway's own answers.
inline constexpr std::string_view kJsonType = "application/json";

class Exchange {
 public:
  Exchange(Context& context, http::ServerExchange& connection);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Context& context() { return context_; }
  // The client's side.
  http::ServerExchange& connection() { return connection_; }
  const http::ServerExchange& connection() const { return connection_; }

  // --- What the phases find out ---

  void set_route(const RouteMatch& match) {
    endpoint_ = match.endpoint;
    if (match.served != nullptr) route_ = &match.served->route;
  }
  void set_principal(std::string_view principal) { principal_ = principal; }
  std::string_view principal() const { return principal_; }
  // Of a request that has one.
  const Route& route() const { return *route_; }
  const Passing& passing() const { return *route_->passing; }
  // Copies what the log needs of the head, which may be gone when the exchange is recorded.
  void remember_request();

  // The requested model, and what the catalog resolves it to. Both are copied.
  void set_model(std::string_view model) { model_.assign(model); }
  void set_target(const models::Catalog::Target& target);
  // Whether the upstream gets a credential of the operator's, none of the caller's.
  void set_shows_operators_credential(bool shows) { shows_operators_credential_ = shows; }
  bool shows_operators_credential() const { return shows_operators_credential_; }
  std::string_view model() const { return model_.view(); }
  std::string_view upstream_model() const { return upstream_model_.view(); }

  void begin_attempt() { ++attempts_; }
  void connected(bool reused, std::chrono::nanoseconds took);
  void attempt_failed(const Error& error);
  void attempt_repeated();
  void upstream_answered(int status);
  // An upstream's request id, which replaces one that was created here.
  void adopt_request_id(std::string_view id);
  void first_byte_seen();
  void stream_began();
  void set_usage(std::optional<wire::Usage> usage) { usage_ = usage; }

  // `timeout` from now (zero: none), but not after the limit of the whole request.
  SteadyTime until(std::chrono::milliseconds timeout) const;
  bool request_time_is_over() const;

  // --- Answers ---

  std::string_view request_id() const { return request_id_.view(); }

  // The fields that every answer has.
  http::FieldBlock common_fields();

  // A whole answer of the gateway's own, with further fields if it needs any.
  Task<void> respond(int status, std::string_view content_type, std::string_view body,
                     http::FieldBlock fields = {});
  // The same with a body in up to four parts, which are neither copied nor searched: their author
  // has masked the credentials in them.
  Task<void> respond_in_parts(int status, std::string_view content_type,
                              std::span<const std::string_view> body, http::FieldBlock fields = {});

  // Answers with the error, in whatever way is still possible: an error answer before the head is
  // sent, an event in a stream of events, else nothing; the connection is then cut.
  Task<void> fail(Error error);

  // The relay has sent the head of an answer; kEvents: error events can be read in it.
  enum class Body : std::uint8_t { kEvents, kOther };
  void head_sent(int status, Body body);
  // In a stream of events: whether an error event can still be added. None follows one of the
  // upstream's.
  enum class ErrorEvent : std::uint8_t { kNone, kBetweenEvents, kInsideEvent };
  void set_error_event(ErrorEvent event) { error_event_ = event; }
  // The upstream has reported an error in its stream of events.
  void upstream_said_error() { upstream_said_error_ = true; }
  void completed();

  // Writes metrics and the access log; the last call on an exchange.
  void record();

 private:
  Error truth_about(Error error) const;
  void note(const Error& error);

  Context& context_;
  http::ServerExchange& connection_;
  const Endpoint* endpoint_;
  const Route* route_ = nullptr;  // null: there is none for this path and method
  SteadyTime deadline_;           // of the whole request
  SmallText<48> request_id_;
  bool request_id_is_made_ = false;
  SmallText<8> method_;
  SmallText<48> path_;
  std::string_view principal_;
  SmallText<64> model_;
  SmallText<64> upstream_model_;
  std::optional<std::size_t> provider_;
  bool model_is_known_ = false;
  SmallText<64> listed_model_;  // if the client asked by another name

  std::uint32_t attempts_ = 0;
  bool reused_ = false;
  std::optional<std::chrono::microseconds> connect_time_;
  std::optional<std::chrono::microseconds> first_byte_time_;
  int upstream_status_ = 0;
  bool is_stream_ = false;
  std::optional<wire::Usage> usage_;

  int status_ = 0;
  bool head_sent_ = false;
  Body body_ = Body::kOther;
  bool shows_operators_credential_ = false;
  bool upstream_said_error_ = false;
  ErrorEvent error_event_ = ErrorEvent::kBetweenEvents;
  std::optional<ErrorKind> error_;
  telemetry::Ending ending_ = telemetry::Ending::kInternal;
};

}  // namespace penstock::gateway
