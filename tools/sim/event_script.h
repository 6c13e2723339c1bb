#pragma once

// EventScript: the events of one stream, in any API's shape, made one at a time.
//
// A script is a list of single events and of runs with one event for each token of a wording. An
// event is its data, and its type where the API names one in an `event:` line. Plain data: knows no
// time and no sockets.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/dialect.h"
#include "sim/wording.h"

namespace penstock::sim {

class EventScript {
 public:
  // What the stream consists of: server-sent events, or the events' data alone, as bytes.
  enum class Form : std::uint8_t { kEvents, kBytes };

  // The text around each token of a run.
  struct Frame {
    std::string before;
    std::string after;
    // Counts the run's events from here; it stands, with `middle` after it, before the token.
    std::optional<std::uint64_t> number = {};
    std::string middle = {};
  };

  // The event in place of the next one, where the stream fails.
  struct Failure {
    std::string type;    // empty: it has no `event:` line
    std::string object;  // the failed response; empty: an error alone
  };

  explicit EventScript(Dialect dialect = Dialect::kOpenAi, Form form = Form::kEvents)
      : dialect_(dialect),
        form_(form),
        failure_{.type = dialect == Dialect::kOpenAi ? "" : "error", .object = {}} {}

  void add(std::string type, std::string data);
  void add_run(std::string type, Wording wording, Frame frame);
  // The data of an event without a type, after all others: `[DONE]`.
  void set_last(std::string data) { last_ = std::move(data); }
  void set_failure(Failure failure) { failure_ = std::move(failure); }
  const Failure& failure() const { return failure_; }
  // Each event gets a member `stamp_ns`: CLOCK_MONOTONIC in nanoseconds, when it is written.
  void stamp() { stamp_ = true; }
  // Leaves out the next `events` events.
  void skip(std::uint64_t events);

  bool finished() const { return next_ == segments_.size(); }
  // How many tokens have been sent when the next event is due: the pace is counted in tokens.
  std::size_t tokens_before_next() const { return tokens_before_ + token_; }
  std::size_t tokens() const { return tokens_; }
  // The next event's type; empty: it has no `event:` line.
  std::string_view next_type() const { return segments_[next_].type; }
  // Appends the next event's data, and goes on to the one after it.
  void append_next(std::string& out);
  // Empty: nothing comes after the last event.
  std::string_view last() const { return last_; }

  Dialect dialect() const { return dialect_; }
  Form form() const { return form_; }
  std::uint64_t events_passed() const { return events_passed_; }

 private:
  struct Segment {
    std::string type;
    Frame frame;  // of a single event, `before` is its data
    Wording wording;
    bool run = false;
  };

  void step();

  Dialect dialect_;
  Form form_;
  Failure failure_;
  std::vector<Segment> segments_;
  std::string last_;
  bool stamp_ = false;
  std::size_t tokens_ = 0;
  std::size_t next_ = 0;           // the segment
  std::size_t token_ = 0;          // in that segment
  std::size_t tokens_before_ = 0;  // of the segments before it
  std::uint64_t events_passed_ = 0;
};

}  // namespace penstock::sim
