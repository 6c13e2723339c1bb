#pragma once

// What the events of one stream have said of its end, by the law of its API (wire/end_law.h).
//
// The scanner of the events (JsonRewriter) tells it of each key that find_top() and find_part()
// call watched, and of the value there. What an event says counts when the event has turned out
// to be one complete object; of a key that occurs twice the last value counts. One object belongs
// to one stream and one thread. It allocates where parts have numbers of 64 and more, or an event
// has several parts, and then as much as the largest number asks for.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/end_law.h"

namespace penstock::wire {

class StreamEnd {
 public:
  // Parts of this number and more are never known to have ended.
  static constexpr std::uint32_t kPartsMax = 65536;

  explicit StreamEnd(const EndLaw& law);

  // What a key is: nothing, the array of parts, a part's number, or the first rule that names it.
  using Watch = std::uint8_t;
  static constexpr Watch kNothing = 0;
  static constexpr Watch kParts = 1;
  static constexpr Watch kPartIndex = 2;

  // `spelled` is the key as it stands in the text, between its quotes.
  Watch find_top(std::string_view spelled, bool escaped) const {
    return find(top_keys_, spelled, escaped);
  }
  Watch find_part(std::string_view spelled, bool escaped) const {
    return find(part_keys_, spelled, escaped);
  }

  // The value of a watched key, by its type.
  void text(Watch watch, std::string_view spelled, bool escaped);
  enum class Object : bool { kEmpty, kFull };
  void object(Watch watch, Object object);
  // A number or literal, and what is none.
  void scalar(Watch watch, std::string_view spelled) {
    // A null that has nothing to take back: what nearly every event says.
    if (watch > kPartIndex && (said_ | part_said_) == 0) return;
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
  // The first part of the event in hand begins as one of this number did that has said nothing yet.
  void resume_first_part(std::uint32_t index) {
    begin_parts();
    begin_part();
    part_.index = index;
  }
  std::uint32_t part_index() const { return part_.index; }
  void end_part();
  // Whether the part in hand has said anything that end_part() would count.
  bool part_says_something() const { return part_said_ != 0; }
  // Whether the event in hand has said anything that end_event() would count.
  bool event_says_something() const { return said_ != 0 || pending_count_ != 0; }

  // The event in hand, which has data of any kind, has this name.
  void name(std::string_view name);
  // The event has ended; `complete`: as one object. What it said counts, or is forgotten.
  enum class Event : std::uint8_t { kComplete, kBroken, kText, kEmpty };
  void end_event(Event event);

  // The mark that ends the stream has come (`[DONE]`). False where it cannot be true: nothing came
  // before it, or an error, or some of the parts have ended and others have not. It then counts for
  // nothing.
  bool end_stream();

  bool marked() const { return marked_; }
  bool saw_error() const { return error_; }
  // Parts have begun, and each of them has ended.
  bool parts_have_ended() const;
  // How often the stream has got on: events with a part or an error, and the mark.
  std::uint64_t progress() const { return progress_; }

 private:
  struct Part {
    std::uint32_t index = 0;
    bool ended = false;
  };
  // 64 parts.
  struct Parts {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
  };

  // The keys of one place that matter. Nearly every other key is told from them by its length, and
  // nearly all that are left by their first letter.
  struct Keys {
    static constexpr std::size_t kMax = 8;
    struct Key {
      std::string_view name;
      Watch watch;
    };
    void add(std::string_view name, Watch watch);

    std::uint64_t sizes = 0;  // bit n: one has n letters
    std::array<Key, kMax> keys;
    std::size_t count = 0;
  };

  static Watch find(const Keys& keys, std::string_view spelled, bool escaped) {
    const bool may_be = escaped || (spelled.size() < 64 && (keys.sizes >> spelled.size() & 1) != 0);
    return may_be ? find_named(keys, spelled, escaped) : kNothing;
  }
  static Watch find_named(const Keys& keys, std::string_view spelled, bool escaped);
  template <class Holds>
  void judge(Watch watch, Holds holds);
  void says_nothing(Watch watch);
  void take_scalar(Watch watch, std::string_view spelled);
  void count(const Part& part);
  bool some_have_ended() const;

  const EndLaw& law_;
  Keys top_keys_;
  Keys part_keys_;
  std::uint32_t error_rules_ = 0;     // bit i: rule i means an error
  std::uint32_t part_end_rules_ = 0;  // bit i: rule i means that the part ends

  std::uint32_t said_ = 0;       // by the event in hand, at its top; bit i: rule i holds
  std::uint32_t part_said_ = 0;  // by the part in hand
  Part part_;
  std::uint32_t next_position_ = 0;
  std::size_t pending_count_ = 0;  // parts of the event in hand
  Part pending_;                   // the first of them
  std::vector<Part> more_pending_;

  Parts parts_;
  std::vector<Parts> more_parts_;
  bool data_ = false;  // an event with data has come
  bool marked_ = false;
  bool error_ = false;
  bool beyond_ = false;  // a part's number is too large
  std::uint64_t progress_ = 0;
};

}  // namespace penstock::wire
