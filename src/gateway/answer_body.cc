#include "gateway/answer_body.h"

namespace penstock::gateway {

AnswerBody::AnswerBody(BodyKind kind, const Options& options) : end_(options.end) {
  const wire::ApiTraits traits = wire::traits_of(options.api);
  if (kind == BodyKind::kEvents) {
    rewriter_.emplace<wire::SseRewriter>(options.model, traits.events, options.done,
                                         options.event_bytes_max, options.names);
  } else if (kind == BodyKind::kJson) {
    rewriter_.emplace<wire::JsonRewriter>(options.model, traits.answer_inner, options.names);
  }
}

void AnswerBody::feed(std::string_view piece, std::string& out) {
  if (auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) {
    events->feed(piece, out);
  } else if (auto* json = std::get_if<wire::JsonRewriter>(&rewriter_)) {
    json->feed(piece, out);
    if (json->has_begun()) ++pieces_;
  } else {
    out.append(piece);
    ++pieces_;
  }
}

void AnswerBody::finish(std::string& out) {
  if (auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) events->finish(out);
  if (auto* json = std::get_if<wire::JsonRewriter>(&rewriter_)) {
    complete_ = json->complete();
    truncated_ = json->truncated();
    json->finish(out);
  }
}

std::size_t AnswerBody::held() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events == nullptr ? 0 : events->held();
}

std::size_t AnswerBody::events_passed_in_part() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events == nullptr ? 0 : events->passed_in_part();
}

bool AnswerBody::is_whole() const {
  if (const auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) {
    const wire::StreamEnd& end = events->end();
    if (end.saw_error()) return false;
    if (end.says_that_it_is_whole()) return true;
    if (events->broke_off()) return false;
    return end.parts_have_ended() || !end.must_say_that_it_is_whole();
  }
  if (!std::holds_alternative<wire::JsonRewriter>(rewriter_)) return true;
  return end_ == End::kFramed ? !truncated_ : complete_;
}

bool AnswerBody::is_over() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events != nullptr && events->end().is_over();
}

bool AnswerBody::saw_error() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events != nullptr && events->end().saw_error();
}

std::string_view AnswerBody::first_error(std::string_view out) const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events == nullptr ? std::string_view() : events->first_error(out);
}

std::uint64_t AnswerBody::progress() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events == nullptr ? pieces_ : events->end().progress();
}

Responder::ErrorEvent AnswerBody::error_event() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  if (events == nullptr || events->end().saw_error()) return Responder::ErrorEvent::kNone;
  return events->inside_event() ? Responder::ErrorEvent::kInsideEvent
                                : Responder::ErrorEvent::kBetweenEvents;
}

std::uint64_t AnswerBody::next_sequence() const {
  const auto* events = std::get_if<wire::SseRewriter>(&rewriter_);
  return events == nullptr ? 0 : events->end().next_sequence();
}

std::optional<wire::Usage> AnswerBody::usage() const {
  if (const auto* events = std::get_if<wire::SseRewriter>(&rewriter_)) {
    return wire::read_usage(events->usage());
  }
  const auto* json = std::get_if<wire::JsonRewriter>(&rewriter_);
  if (json == nullptr) return std::nullopt;
  return wire::read_usage(json->usage());
}

}  // namespace penstock::gateway
