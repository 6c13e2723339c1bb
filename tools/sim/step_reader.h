#pragma once

// StepReader: one line of a timeline, read into a Step.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "sim/json.h"
#include "sim/plain_words.h"
#include "sim/timeline.h"

namespace penstock::sim {

class StepReader {
 public:
  // `line` outlives the reader.
  explicit StepReader(const WordLine& line) : line_(line) {}

  // Fails with kInvalidRequest, and says what is wrong with the line.
  Result<Step> read();

 private:
  // Each reads what its name says into step_, and returns whether it is right; if not, problem_
  // says what is wrong.
  bool read_action();
  bool read_answer();
  bool read_end(std::string_view how);
  bool read_stall();
  bool read_failure();
  bool read_behaviour();
  bool read_duration();
  bool read_period();
  bool check();

  bool set(DoorState door);
  bool wrong(std::string problem);

  bool at_end() const { return next_ == line_.words.size(); }
  std::string_view peek() const;  // empty: at the end
  std::string_view take();
  bool take(std::string_view word);
  // Nullopt: there is none, and no word is taken.
  std::optional<std::uint64_t> take_count();
  std::optional<Step::Time> take_time();

  const WordLine& line_;
  std::size_t next_ = 0;
  Step step_;
  Json changes_ = Json::object();
  std::string problem_;
};

}  // namespace penstock::sim
