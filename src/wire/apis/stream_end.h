#pragma once

// What the events of one stream have said about its end, by the law of its API
// (wire/apis/event_law.h).
//
// The scanner of the events (JsonRewriter) tells it each key that find_top() and find_part() call
// watched, and its value. What an event says counts once the event has proved to be one complete
// object; if a key occurs twice, the last value counts. One object belongs to one stream and one
// thread. It allocates if parts have numbers of 64 and more, or if an event has several parts, in
// proportion to the largest number.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/apis/event_law.h"

namespace penstock::wire {

class StreamEnd {
 public:
  // Parts with this number or a larger one never count as ended.
  static constexpr std::uint32_t kPartsMax = 65536;

  // `law` must outlive it.
  explicit StreamEnd(const EventLaw& law) : law_(law) {}

  using Watch = WatchedKeys::Watch;
  static constexpr Watch kNothing = WatchedKeys::kNothing;
  static constexpr Watch kParts = WatchedKeys::kParts;
  static constexpr Watch kPartIndex = WatchedKeys::kPartIndex;
  static constexpr Watch kInner = WatchedKeys::kInner;
  static constexpr Watch kSequence = WatchedKeys::kSequence;

  // `spelled` is the key as written in the text, between its quotes.
  Watch find_top(std::string_view spelled, bool escaped) const {
    return find(law_.top_keys, spelled, escaped);
  }
  Watch find_part(std::string_view spelled, bool escaped) const {
    return find(law_.part_keys, spelled, escaped);
  }

  // The value of a watched key, by its type.
  void text(Watch watch, std::string_view spelled, bool escaped);
  enum class Object : bool { kEmpty, kFull };
  void object(Watch watch, Object object);
  // A number or literal, or neither.
  void scalar(Watch watch, std::string_view spelled) {
    // A null that overrides nothing, as in nearly every event.
    if (watch >= WatchedKeys::kFirstRule && (said_ | part_said_) == 0) return;
    take_scalar(watch, spelled);
  }
  void array(Watch watch) { says_nothing(watch); }

  void begin_parts() {
    pending_count_ = 0;
    next_position_ = 0;
  }
  void begin_part() {
    part_ = {next_position_, false};
    part_said_ = 0;
  }
  // The first part of the current event begins like one of this number that has said nothing yet.
  void resume_first_part(std::uint32_t index) {
    begin_parts();
    begin_part();
    part_.index = index;
  }
  std::uint32_t part_index() const { return part_.index; }
  void end_part();
  // Whether the current part has said anything that end_part() would count.
  bool part_says_something() const { return part_said_ != 0; }
  // Whether the current event has said anything that end_event() would count.
  bool event_says_something() const { return said_ != 0 || pending_count_ != 0; }

  // An event with data of some kind has ended; kComplete: as one object. What it said counts, or is
  // dropped. `name` is the event's, or empty.
  enum class Event : std::uint8_t { kComplete, kBroken, kText, kEmpty };
  void end_event(Event event, std::string_view name = {});

  // The mark that ends the stream has come (`[DONE]`). False if it cannot be true: nothing came
  // before it, or an error did, or only some of the parts have ended. It is then ignored.
  bool end_stream();

  bool marked() const { return marked_; }
  bool saw_error() const { return error_; }
  // The mark has come, or an event that makes the stream whole.
  bool says_that_it_is_whole() const { return marked_ || whole_; }
  // The mark or the last event has come, or an error: little can follow.
  bool is_over() const { return marked_ || ended_ || error_; }
  bool must_say_that_it_is_whole() const { return law_.states_its_end; }
  // The number of the event that would come next, where events have numbers.
  std::uint64_t next_sequence() const { return next_sequence_; }
  // Nothing but heartbeats came before the error.
  bool error_came_first() const { return error_came_first_; }
  // Parts have begun, and all of them have ended.
  bool parts_have_ended() const;
  // How often the stream has progressed: events that say something, and the mark. In an API whose
  // ends are not known, all events with data.
  std::uint64_t progress() const { return progress_; }

 private:
  struct Part {
    std::uint32_t index = 0;
    bool ended = false;
  };
  // A group of 64 parts.
  struct Parts {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
  };

  static Watch find(const WatchedKeys& keys, std::string_view spelled, bool escaped) {
    const bool may_be = escaped || (spelled.size() < 64 && (keys.sizes >> spelled.size() & 1) != 0);
    return may_be ? find_named(keys, spelled, escaped) : kNothing;
  }
  static Watch find_named(const WatchedKeys& keys, std::string_view spelled, bool escaped);
  template <class Holds>
  void judge(Watch watch, Holds holds);
  void says_nothing(Watch watch);
  void take_scalar(Watch watch, std::string_view spelled);
  void count(const Part& part);
  void count_error();
  void take_name(Event event, std::string_view name);
  bool some_have_ended() const;

  const EventLaw& law_;

  std::uint32_t said_ = 0;       // by the current event, at its top; bit i: rule i holds
  std::uint32_t part_said_ = 0;  // by the current part
  Part part_;
  std::uint32_t next_position_ = 0;
  std::size_t pending_count_ = 0;  // parts of the current event
  Part pending_;                   // the first of them
  std::vector<Part> more_pending_;

  Parts parts_;
  std::vector<Parts> more_parts_;
  bool data_ = false;  // an event with data has arrived
  bool marked_ = false;
  bool whole_ = false;  // an event has said so
  bool ended_ = false;  // likewise
  bool error_ = false;
  bool error_came_first_ = false;
  bool beyond_ = false;  // a part's number is too large
  std::uint64_t progress_ = 0;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t sequence_ = 0;  // the same, if the current event is complete
};

}  // namespace penstock::wire
