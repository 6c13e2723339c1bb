#include "gateway/await_content.h"

#include <optional>
#include <utility>

#include "net/next_turn.h"
#include "wire/apis/error_event.h"
#include "wire/apis/stream_start.h"
#include "wire/sse/whole_event.h"

namespace penstock::gateway {
namespace {

Error no_content_in_time() {
  return Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                         "the upstream's answer had no content in time")
      .at_limit(Limit::kFirstTokenTimeout);
}

// The events of a held stream, as they arrive.
class HeldEvents {
 public:
  HeldEvents(const config::HoldRules& hold, wire::Api api) : hold_(hold), api_(api) {}

  // `complete`: the whole events that have been held so far. True if they end the hold.
  bool look_at(std::string_view complete, AnswerStart& start) {
    while (looked_at_ < complete.size()) {
      const std::optional<std::size_t> end = splitter_.next(complete.substr(looked_at_));
      looked_at_ = end ? looked_at_ + *end : complete.size();
      if (!end) break;
      const std::string_view event = complete.substr(begin_, looked_at_ - begin_);
      begin_ = looked_at_;
      const wire::EventKind what = wire::kind_of_event(api_, event);
      if (what == wire::EventKind::kError) {
        start = {AnswerStart::Kind::kError, wire::event_data(event)};
      }
      if (what != wire::EventKind::kStartUp || ++events_ >= hold_.events) return true;
    }
    return false;
  }

 private:
  const config::HoldRules& hold_;
  const wire::Api api_;
  wire::EventSplitter splitter_;
  std::size_t begin_ = 0;      // of the event that is looked at
  std::size_t looked_at_ = 0;  // to there
  std::size_t events_ = 0;
};

}  // namespace

Task<Result<AnswerStart>> await_content(UpstreamAnswer& answer, const config::HoldRules& hold,
                                        SteadyTime content_until) {
  AnswerSource& source = answer.source();
  HeldEvents events(hold, answer.api());
  net::EventLoop& loop = answer.loop();
  AnswerStart start;
  for (;;) {
    if (!source.has_buffered()) {
      source.upstream().release_memory();
      const net::Woken woken = co_await answer.wait_for_more(content_until);
      if (woken.timed_out() && loop.now() >= content_until) {
        co_return failure(no_content_in_time());
      }
      Status more = answer.more_or_error(woken);
      if (!more) co_return failure(std::move(more.error()));
    } else if (source.is_decoding()) {
      co_await net::next_turn(loop);
      if (answer.is_stopped()) co_return failure(Error::cancelled());
    }
    auto part = source.read();
    if (!part) co_return failure(std::move(part.error()));
    answer.take(*part);
    if (answer.ended() && !answer.body().is_whole() && !answer.body().saw_error()) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever,
                                        "the upstream's answer ended before its first content"));
    }
    const std::string& text = answer.text();
    if (answer.kind() != BodyKind::kEvents) {
      if (!text.empty() || answer.ended()) co_return start;
      continue;
    }
    const std::string_view complete(text.data(), text.size() - answer.body().held());
    const bool is_over = events.look_at(complete, start) || text.size() >= hold.bytes;
    if (is_over || answer.ended()) co_return start;
  }
}

}  // namespace penstock::gateway
