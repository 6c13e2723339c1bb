#pragma once

// AnswerSource: the body of an upstream's answer, without the content codings that it came in.
//
// Requests ask for `identity`, and nearly all answers are in it: their bytes pass through
// untouched. An upstream that compresses all the same is read as what it means, so that the model's
// name can be replaced and credentials can be found. Belongs to the relay of one exchange.

#include <memory>

#include "core/result.h"
#include "http/body_budget.h"
#include "http/upstream_connection.h"
#include "wire/content_coding.h"

namespace penstock::gateway {

class AnswerSource {
 public:
  using Part = http::UpstreamConnection::BodyPart;

  // `upstream` and `budget`, in which the memory of a decoder is counted, must outlive the source.
  // Throws std::bad_alloc.
  AnswerSource(http::UpstreamConnection& upstream, const wire::ContentCodings& codings,
               http::BodyBudget& budget);
  ~AnswerSource();
  AnswerSource(const AnswerSource&) = delete;
  AnswerSource& operator=(const AnswerSource&) = delete;

  http::UpstreamConnection& upstream() { return upstream_; }
  bool is_decoding() const { return decoding_ != nullptr; }

  // As of UpstreamConnection::read_body(), with a bounded amount of work. Further errors:
  // kUpstreamInvalidResponse where the body is not in its coding, kUpstreamReset where its coding
  // says that there is more, and that of http::no_memory_for_bodies().
  Result<Part> read() { return decoding_ == nullptr ? upstream_.read_body() : decode(); }
  // Whether read() has something to give without a wait.
  bool has_buffered() const { return upstream_.has_buffered() || has_more_; }

 private:
  struct Decoding;

  Result<Part> decode();

  http::UpstreamConnection& upstream_;
  std::unique_ptr<Decoding> decoding_;  // null where there are no codings
  bool has_more_ = false;               // the decoder has
};

}  // namespace penstock::gateway
