#include "live_counts.h"

namespace penstock::load {

std::string LiveCounts::line(int second, const Results& results) {
  std::string line = "second " + std::to_string(second) + ":";
  line.append(" failed=").append(std::to_string(results.faults() - faults_));
  line.append(" broken=").append(std::to_string(results.broken_streams - broken_streams_));
  for (const auto& [name, tally] : results.by) {
    const std::uint64_t answered = tally.answered - by_[name].answered;
    line.append(" ").append(name).append("=").append(std::to_string(answered));
  }
  faults_ = results.faults();
  broken_streams_ = results.broken_streams;
  by_ = results.by;
  return line;
}

}  // namespace penstock::load
