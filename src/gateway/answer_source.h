#pragma once

// AnswerSource: the body of an upstream's answer, without its content codings.
//
// Requests ask for `identity`, and nearly all answers use it: their bytes pass unchanged. An answer
// that is compressed anyway is decoded, so that the model's name can be replaced and credentials
// can be found. Belongs to the relay of one exchange.

#include <memory>

#include "core/result.h"
#include "http/body_budget.h"
#include "http/upstream_exchange.h"
#include "wire/bodies/content_coding.h"

namespace penstock::gateway {

class AnswerSource {
 public:
  using Part = http::UpstreamExchange::BodyPart;

  // `upstream` and `budget`, which counts the memory of a decoder, must outlive the source. Throws
  // std::bad_alloc.
  AnswerSource(http::UpstreamExchange& upstream, const wire::ContentCodings& codings,
               http::BodyBudget& budget);
  ~AnswerSource();
  AnswerSource(const AnswerSource&) = delete;
  AnswerSource& operator=(const AnswerSource&) = delete;

  http::UpstreamExchange& upstream() { return upstream_; }
  bool is_decoding() const { return decoding_ != nullptr; }

  // As UpstreamExchange::read_body(), with a bounded amount of work. Further errors:
  // kUpstreamInvalidResponse if the body is not in its coding, kUpstreamReset if its coding is
  // incomplete, and that of http::no_memory_for_bodies().
  Result<Part> read() { return decoding_ == nullptr ? upstream_.read_body() : decode(); }
  // Whether read() can return something without a wait.
  bool has_buffered() const { return upstream_.has_buffered() || has_more_; }

 private:
  struct Decoding;

  Result<Part> decode();

  http::UpstreamExchange& upstream_;
  std::unique_ptr<Decoding> decoding_;  // null if there are no codings
  bool has_more_ = false;               // the decoder has
};

}  // namespace penstock::gateway
