#pragma once

// LiveCounts: what a run has counted since it was last told.

#include <cstdint>
#include <map>
#include <string>

#include "results.h"

namespace penstock::load {

class LiveCounts {
 public:
  // `second 3: failed=0 broken=0 east=67 west=66`: what is new in `results`. The names are those
  // that answers are counted by, with the answers that were valid.
  std::string line(int second, const Results& results);

 private:
  std::uint64_t faults_ = 0;
  std::uint64_t broken_streams_ = 0;
  std::map<std::string, Tally> by_;
};

}  // namespace penstock::load
