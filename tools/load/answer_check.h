#pragma once

// Checks answers while they arrive, and reads the stamps that the simulator puts into their events.
//
// The first answer is the reference: it must be valid, and with Check::kExact every later one must
// equal it, so that any lost, duplicated, changed or misplaced byte or event is found. The stamps
// of `penstock-sim --stamp` are excluded from the comparison; they must not decrease within a
// stream.
//
// A Reference is shared by all connections of a run, an AnswerCheck belongs to one. One thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"

namespace penstock::load {

// The parts of an answer: the events of a stream without their stamps, or the body as one part.
struct Reference {
  std::vector<std::string> parts;
  bool complete = false;  // an answer has been taken as the reference
};

// Is told of each event, with the monotonic nanoseconds of its stamp.
class EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void on_event(std::optional<std::uint64_t> stamp_ns) = 0;
};

class AnswerCheck {
 public:
  AnswerCheck(const Options& options, Reference& reference, EventListener& listener);

  // Before the first byte of each answer's body.
  void begin();
  // The next bytes of the body.
  void take(std::string_view data);
  // At the end of the body. Whether the answer passed.
  bool finish();

  // Why it did not; in terms of positions and counts.
  const std::string& fault() const { return fault_; }
  std::uint64_t events() const { return part_; }
  // Whether a stream has had content, and its last event so far is an error: it has broken off, and
  // says so.
  bool has_broken_off() const { return content_ && error_; }

 private:
  void take_whole(std::string_view data);
  void take_line(std::string_view line);
  void take_event(std::string_view data);
  void compare(std::string_view part);
  void finish_whole();
  void finish_stream();
  void fail(std::string what);

  const Options& options_;
  Reference& reference_;
  EventListener& listener_;

  bool recording_ = false;  // this answer becomes the reference if it passes
  std::vector<std::string> recorded_;
  std::string fault_;

  std::string line_;      // of a stream: the beginning of an incomplete line
  std::size_t part_ = 0;  // the next event's index
  std::uint64_t last_stamp_ns_ = 0;
  bool done_ = false;       // [DONE] has come
  bool content_ = false;    // some event had text
  bool error_ = false;      // the last event is an error
  std::size_t offset_ = 0;  // of a whole answer: bytes so far
  char first_ = 0;
  char last_ = 0;
};

}  // namespace penstock::load
