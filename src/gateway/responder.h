#pragma once

// Responder: the one way to an answer of the gateway's own.
//
// respond() for whole answers, fail() for every error, in whatever way is still possible. The relay
// of an upstream's answer tells it when a head has been sent, and what can still be said in the
// body. Belongs to its exchange.

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange_environment.h"
#include "gateway/exchange_facts.h"
#include "http/field_block.h"
#include "http/server_exchange.h"

namespace penstock::gateway {

// The type of the gateway's own answers.
inline constexpr std::string_view kJsonType = "application/json";

class Responder {
 public:
  // All of it outlives the responder.
  Responder(const ExchangeEnvironment& environment, http::ServerExchange& client,
            ExchangeFacts& facts)
      : environment_(environment), client_(client), facts_(facts) {}
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  // Fields of every answer to this request, beside those of the environment.
  void add_to_every_answer(http::FieldBlock fields) { own_fields_ = std::move(fields); }
  // Adds the fields that every answer has.
  void add_common_fields(http::FieldBlock& fields) const;

  // A whole answer, with further fields if it needs any. Errors: those of
  // http::ServerExchange::respond().
  Task<Status> respond(int status, std::string_view content_type, std::string_view body,
                       http::FieldBlock fields = {});
  // The same with a body in up to four parts, which are neither copied nor searched: their author
  // has masked the credentials in them.
  Task<Status> respond_in_parts(int status, std::string_view content_type,
                                std::span<const std::string_view> body,
                                http::FieldBlock fields = {});

  // Answers with the error: an error answer before the head is sent, an event in a stream of
  // events, else nothing; the connection is then cut.
  Task<void> fail(Error error);

  // The relay has sent the head of an answer; kEvents: error events can be read in it.
  enum class Body : std::uint8_t { kEvents, kOther };
  void head_sent(int status, Body body);
  // In a stream of events: whether an error event can still be added. None follows one of the
  // upstream's.
  enum class ErrorEvent : std::uint8_t { kNone, kBetweenEvents, kInsideEvent };
  void set_error_event(ErrorEvent event) { error_event_ = event; }
  // The number that it would have, in an API that numbers events.
  void set_next_sequence(std::uint64_t sequence) { next_sequence_ = sequence; }
  // The answer is a stream of events.
  void stream_began();
  // The upstream has reported an error in its stream of events.
  void upstream_said_error() { upstream_said_error_ = true; }
  // The relay has sent a whole answer.
  void completed();

 private:
  void add_routing_fields(http::FieldBlock& fields) const;
  void add_retry_fields(http::FieldBlock& fields) const;
  Error truth_about(Error error) const;
  void note(const Error& error);
  Task<void> send_error_event(const Error& error);

  const ExchangeEnvironment& environment_;
  http::ServerExchange& client_;
  ExchangeFacts& facts_;
  http::FieldBlock own_fields_;
  bool head_sent_ = false;
  Body body_ = Body::kOther;
  bool upstream_said_error_ = false;
  ErrorEvent error_event_ = ErrorEvent::kBetweenEvents;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace penstock::gateway
