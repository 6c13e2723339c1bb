#pragma once

// AnswerWriter: one answer that the client gets as it is made, or as it arrives from an upstream.
//
// It holds the head until the first write, so that the answer can still become another one: its
// status, its fields, and whether its length is known. Belongs to the relay of one exchange; holds
// borrowed memory for the fields until they are sent, and nothing afterwards.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "http/field_block.h"
#include "http/server_exchange.h"

namespace penstock::gateway {

class AnswerWriter {
 public:
  using Last = http::ServerExchange::Last;

  // `fields`: the upstream's that pass.
  AnswerWriter(Exchange& exchange, int status, Responder::Body body, http::FieldBlock fields);

  // Those, and what every answer has, and what is added to them; before the first write.
  http::FieldBlock& fields() { return fields_; }

  // Discards what fields() holds and starts again, with another status and a body that is no
  // stream.
  void begin_again(int status);
  int status() const { return status_; }

  // Whether the body's length is known; one of the two before the first write.
  void use_length(std::uint64_t length);
  void use_stream();
  bool knows_form() const { return form_ != Form::kUnknown; }
  bool head_is_sent() const { return exchange_.client().has_responded(); }

  // Errors: those of http::ServerExchange::write().
  Eventual<Status> write(std::string_view part, Last last);

 private:
  enum class Form : std::uint8_t { kUnknown, kLength, kStream };

  Exchange& exchange_;
  int status_;
  Responder::Body body_;
  http::FieldBlock fields_;
  Form form_ = Form::kUnknown;
  std::uint64_t length_ = 0;
};

}  // namespace penstock::gateway
