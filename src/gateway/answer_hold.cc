#include "gateway/answer_hold.h"

#include <optional>

#include "net/next_turn.h"
#include "wire/apis/error_event.h"
#include "wire/apis/stream_start.h"
#include "wire/apis/whole_start.h"

namespace penstock::gateway {
namespace {

Error no_content_in_time() {
  return Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                         "the upstream's answer had no content in time")
      .at_limit(Limit::kFirstTokenTimeout);
}

}  // namespace

// What is compressed is left to await(): a turn of the loop decodes one part.
Status AnswerHold::take_what_is_there() {
  const AnswerSource& source = answer_.source();
  if (!source.has_buffered() || source.is_decoding()) return {};
  return take_part();
}

Task<Status> AnswerHold::await() {
  AnswerSource& source = answer_.source();
  while (!is_over_) {
    if (!source.has_buffered()) {
      source.upstream().release_memory();
      const net::Woken woken = co_await answer_.wait_for_more(content_until_);
      Status more = check_wait(woken);
      if (!more) co_return more;
    } else if (source.is_decoding()) {
      co_await net::next_turn(answer_.loop());
      if (answer_.is_stopped()) co_return failure(Error::cancelled());
    }
    Status taken = take_part();
    if (!taken) co_return taken;
  }
  co_return Status{};
}

Status AnswerHold::check_wait(net::Woken woken) const {
  if (woken.timed_out() && answer_.loop().now() >= content_until_) {
    return failure(no_content_in_time());
  }
  return answer_.more_or_error(woken);
}

Status AnswerHold::take_part() {
  auto part = answer_.source().read();
  if (!part) return failure(std::move(part.error()));
  answer_.take(*part);
  if (answer_.ended() && !answer_.body().is_whole() && !answer_.body().saw_error()) {
    return failure(Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever,
                                   "the upstream's answer ended before its first content"));
  }
  const std::string& text = answer_.text();
  if (answer_.kind() == BodyKind::kEvents) {
    const std::string_view complete(text.data(), text.size() - answer_.body().held());
    is_over_ = look_at_events(complete) || text.size() >= rules_.bytes;
    if (answer_.ended() && !is_over_) look_at_last_event(std::string_view(text).substr(begin_));
  } else {
    is_over_ = look_at_whole(text);
  }
  is_over_ = is_over_ || answer_.ended();
  return {};
}

// `complete`: the whole events that have been held so far. True if they end the hold.
bool AnswerHold::look_at_events(std::string_view complete) {
  while (looked_at_ < complete.size()) {
    const std::optional<std::size_t> end = splitter_.next(complete.substr(looked_at_));
    looked_at_ = end ? looked_at_ + *end : complete.size();
    if (!end) break;
    const std::string_view event = complete.substr(begin_, looked_at_ - begin_);
    begin_ = looked_at_;
    const wire::EventKind what = wire::kind_of_event(answer_.api(), event);
    if (what == wire::EventKind::kError) {
      start_ = {AnswerStart::Kind::kError, wire::event_data(event)};
    }
    if (what != wire::EventKind::kStartUp || ++events_ >= rules_.events) return true;
  }
  return false;
}

// One that nothing ends but the stream.
void AnswerHold::look_at_last_event(std::string_view event) {
  if (wire::kind_of_event(answer_.api(), event) != wire::EventKind::kError) return;
  start_ = {AnswerStart::Kind::kError, wire::event_data(event)};
}

// Whatever has begun counts as an answer, which is not asked for again, unless it shows an error at
// once. That is held to its end.
bool AnswerHold::look_at_whole(std::string_view text) {
  const bool is_error =
      answer_.kind() == BodyKind::kJson && wire::start_of_whole(text) == wire::WholeStart::kError;
  if (!is_error) return !text.empty();
  if (answer_.ended()) start_ = {AnswerStart::Kind::kError, std::string(text)};
  return text.size() >= rules_.bytes;
}

}  // namespace penstock::gateway
