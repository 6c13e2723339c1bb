#pragma once

// StreamFeed: what is to be sent of one streamed answer, at any time.
//
// Knows the order of head, events and end, the pace, and what goes wrong in between; knows nothing
// of sockets and waits for nothing.

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "sim/answers.h"
#include "sim/behaviour.h"
#include "sim/framer.h"
#include "sim/pace.h"

namespace penstock::sim {

class StreamFeed {
 public:
  enum class Then : std::uint8_t {
    kMore,  // at next_due(), which may have come already
    kEnd,
    kCut,  // the connection ends here
  };

  // `behaviour` and `framer` outlive the feed. `head` is the answer's head.
  StreamFeed(EventWriter events, std::string head, Pace pace, const Behaviour& behaviour,
             Framer& framer);

  // Appends what is due at `now`, as far as it goes into one write. Says what follows.
  Then append_due(std::string& out, SteadyTime now);

  SteadyTime next_due() const;

 private:
  void begin_event(std::string& event) const;
  void end_event(std::string& event, std::string& out);

  EventWriter events_;
  std::string head_;
  Pace pace_;
  const Behaviour& behaviour_;
  Framer& framer_;
  std::uint64_t events_sent_ = 0;
};

}  // namespace penstock::sim
