#include "gateway/answer_body.h"

namespace penstock::gateway {

AnswerBody::AnswerBody(BodyKind kind, const Options& options) : end_(options.end) {
  if (kind == BodyKind::kEvents) {
    rewriter_.emplace<wire::SseRewriter>(options.model, options.done, options.event_bytes_max);
  } else if (kind == BodyKind::kJson) {
    rewriter_.emplace<wire::JsonRewriter>(options.model);
  }
}

Status AnswerBody::feed(std::string_view piece, std::string& out) {
  if (auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) return events->feed(piece, out);
  if (auto* json = std::get_if<wire::JsonRewriter>(&rewriter_)) {
    json->feed(piece, out);
  } else {
    out.append(piece);
  }
  return {};
}

void AnswerBody::finish(std::string& out) {
  if (auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) {
    ends_complete_ = events->at_event_boundary() || events->json().complete();
    events->finish(out);
  }
  if (auto* json = std::get_if<wire::JsonRewriter>(&rewriter_)) {
    ends_complete_ = json->complete();
    json->finish(out);
  }
}

bool AnswerBody::is_whole() const {
  if (const auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) {
    const bool says_how = events->json().saw_finish_reason() || events->json().saw_error();
    return events->saw_done() || (says_how && ends_complete_);
  }
  return !std::holds_alternative<wire::JsonRewriter>(rewriter_) || end_ == End::kFramed ||
         ends_complete_;
}

std::string_view AnswerBody::event_separator() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events == nullptr || events->at_event_boundary() ? "" : "\n\n";
}

const wire::JsonRewriter* AnswerBody::json() const {
  if (const auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) return &events->json();
  return std::get_if<wire::JsonRewriter>(&rewriter_);
}

std::string_view AnswerBody::usage() const {
  const wire::JsonRewriter* rewriter = json();
  return rewriter == nullptr ? std::string_view() : rewriter->usage();
}

}  // namespace penstock::gateway
