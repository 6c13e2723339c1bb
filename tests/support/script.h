#pragma once

// Script: what a ScriptedUpstream does with one request (or one connection), step by step.
//
//   Script().send(stream_head()).send(chunk(event(…))).pause(latch).reset()
//
// A step that finds the peer gone ends the script. A script that does not end the connection leaves
// it open for the next request.

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/latch.h"

namespace penstock::testing {

class Script {
 public:
  enum class Begin : std::uint8_t {
    kAfterRequest,  // when the whole request has arrived
    kAfterHead,     // when its head has; the body is read by read_body(), else the connection ends
  };

  struct Step {
    enum class Kind : std::uint8_t {
      kSend,  // `bytes`
      kSendForever,
      kReadBody,  // of a request whose script began after the head
      kPause,     // until `latch` is released
      kStall,     // until the peer closes
      kHalfClose,
      kClose,
      kCloseWithoutNotify,
      kReset,
    };
    Kind kind;
    std::string bytes;
    std::shared_ptr<const Latch> latch;
  };

  Script&& send(std::string_view bytes) &&;
  // One send for each piece; every piece has 1 to `bytes_max` bytes.
  Script&& send_cut(std::string_view bytes, std::mt19937_64& random, std::size_t bytes_max) &&;
  // Repeats `bytes` until the peer has gone.
  Script&& send_forever(std::string_view bytes) &&;
  Script&& pause(std::shared_ptr<const Latch> until) &&;
  Script&& stall() &&;
  Script&& read_body() &&;
  Script&& half_close() &&;
  Script&& close() &&;
  Script&& close_without_notify() &&;  // of TLS
  Script&& reset() &&;
  Script&& after_head() &&;
  // Appends another script's steps.
  Script&& append(const Script& other) &&;

  Begin begin() const { return begin_; }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  Script&& add(Step::Kind kind, std::string_view bytes = {},
               std::shared_ptr<const Latch> latch = nullptr);

  Begin begin_ = Begin::kAfterRequest;
  std::vector<Step> steps_;
};

}  // namespace penstock::testing
