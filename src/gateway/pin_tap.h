#pragma once

// PinTap: reads an answer as it passes, and remembers which upstream has what it names
// (routing/pins.h).
//
// Only answers that can name such things have one (pin_tap_for()). It keeps at most one event of a
// stream that is split between two parts, and nothing of a whole answer. Belongs to the answer.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "gateway/answer_head.h"
#include "gateway/passed_request.h"
#include "routing/pins.h"
#include "wire/sse/whole_event.h"

namespace penstock::gateway {

// Who answers.
struct PinSource {
  std::size_t provider = 0;     // position in Settings::providers
  std::string_view model = {};  // its name for the model; empty: the provider alone matters
};

class PinTap {
 public:
  // How much of an answer is looked into.
  enum class Reads : std::uint8_t {
    kEverything,
    kFirstId,  // of a stream: the event that names the response
  };

  // `pins` outlives it.
  PinTap(routing::Pins& pins, std::string_view provider_id, std::string_view model, Reads reads,
         std::size_t event_bytes_max);
  PinTap(const PinTap&) = delete;
  PinTap& operator=(const PinTap&) = delete;

  // The next bytes of a stream that may leave.
  void take_events(std::string_view passed, SteadyTime now);
  // The stream has ended, perhaps without the empty line of its last event.
  void end_events(SteadyTime now);
  // A whole JSON answer, or its front, if that is all that is at hand.
  void take_json(std::string_view text, SteadyTime now);
  // Nothing more can be found.
  bool is_done() const { return is_done_; }

 private:
  void take_event(std::string_view event, SteadyTime now);
  void remember_ids(std::string_view text, SteadyTime now);

  routing::Pins& pins_;
  const std::string provider_id_;
  const std::string model_;
  const Reads reads_;
  const std::size_t event_bytes_max_;
  wire::EventSplitter splitter_;
  std::string begun_;            // the front of an event
  bool begun_is_large_ = false;  // whose bytes are not kept
  bool is_done_ = false;
};

// Null: nothing of the answer is remembered.
std::unique_ptr<PinTap> pin_tap_for(const PassedRequest& request, const PinSource& source,
                                    BodyKind kind);

}  // namespace penstock::gateway
