#include "sim/timeline.h"

#include <algorithm>
#include <utility>

#include "sim/step_reader.h"

namespace penstock::sim {

bool Step::covers(Time elapsed) const {
  if (elapsed < begin) return false;
  const Time since = elapsed - begin;
  return (period.count() > 0 ? since % period : since) < length;
}

Step::Time Step::next_change(Time elapsed) const {
  if (elapsed < begin) return begin;
  const Time since = elapsed - begin;
  if (period.count() == 0) return since < length && length != kForEver ? begin + length : kForEver;
  const Time within = since % period;
  return elapsed - within + (within < length ? length : period);
}

Result<Timeline> Timeline::parse(std::string_view text) {
  const Result<std::vector<WordLine>> lines = split_words(text);
  if (!lines) return failure(lines.error());
  Timeline timeline;
  for (const WordLine& line : *lines) {
    if (const Status added = timeline.add(line); !added) return failure(added.error());
  }
  return timeline;
}

Status Timeline::add(const WordLine& line) {
  Result<Step> step = StepReader(line).read();
  if (!step) return failure(step.error());
  steps_.push_back(std::move(*step));
  return {};
}

DoorState Timeline::door_at(Step::Time elapsed) const {
  for (const Step& step : steps_) {
    if (step.is_of_door() && step.covers(elapsed)) return step.door;
  }
  return DoorState::kOpen;
}

Step::Time Timeline::next_door_change(Step::Time elapsed) const {
  Step::Time next = Step::kForEver;
  for (const Step& step : steps_) {
    if (step.is_of_door()) next = std::min(next, step.next_change(elapsed));
  }
  return next;
}

}  // namespace penstock::sim
