#include "gateway/answer_writer.h"

#include <utility>

namespace penstock::gateway {

AnswerWriter::AnswerWriter(Exchange& exchange, int status, Responder::Body body,
                           http::FieldBlock fields)
    : exchange_(exchange), status_(status), body_(body), fields_(std::move(fields)) {
  exchange.responder().add_common_fields(fields_);
}

void AnswerWriter::begin_again(int status) {
  status_ = status;
  body_ = Responder::Body::kOther;
  form_ = Form::kUnknown;
  fields_ = http::FieldBlock(exchange_.scratch());
  exchange_.responder().add_common_fields(fields_);
}

void AnswerWriter::use_length(std::uint64_t length) {
  form_ = Form::kLength;
  length_ = length;
}

void AnswerWriter::use_stream() {
  form_ = Form::kStream;
}

Eventual<Status> AnswerWriter::write(std::string_view part, Last last) {
  http::ServerExchange& client = exchange_.client();
  if (head_is_sent()) return client.write(part, last);
  exchange_.responder().head_sent(status_, body_);
  std::optional<std::uint64_t> length;
  if (form_ == Form::kLength) length = length_;
  return client.respond(status_, std::move(fields_), length, part, last);
}

}  // namespace penstock::gateway
