#pragma once

// StreamFeed: which bytes of one streamed answer are to be sent, at any time.
//
// Knows the order of head, events and end, the pace, and what goes wrong in between; knows no
// sockets and never waits.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "sim/behaviour.h"
#include "sim/event_script.h"
#include "sim/framer.h"
#include "sim/pace.h"

namespace penstock::sim {

class StreamFeed {
 public:
  enum class Then : std::uint8_t {
    kMore,  // at next_due(), which may have passed
    kEnd,
    kCut,  // the connection ends here
  };

  // `behaviour` and `framer` outlive the feed. `head` is the answer's head.
  StreamFeed(EventScript events, std::string head, Pace pace, const Behaviour& behaviour,
             Framer& framer);

  // Appends what is due at `now`, up to the size of one write. Returns what follows.
  Then append_due(std::string& out, SteadyTime now);

  SteadyTime next_due() const;

 private:
  // Makes the next event, the one in place of it, or the one after all of them.
  void write_event(std::string& event, bool failed);
  void begin_event(std::string& event, std::string_view type) const;

  EventScript events_;
  std::string head_;
  Pace pace_;
  const Behaviour& behaviour_;
  Framer& framer_;
  std::uint64_t events_sent_ = 0;
};

}  // namespace penstock::sim
