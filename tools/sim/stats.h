#pragma once

// The counts of GET /sim/stats: since startup, of all threads.

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::sim {

// How the answer to one inference request ended.
enum class Outcome : std::uint8_t {
  kCompleted,  // everything intended was sent, refusals included
  kCancelled,  // the client left first
  kCut,        // the simulator broke the answer off, as requested
};

class Stats {
 public:
  void connection_opened() {
    add(connections_, 1);
    add(open_connections_, 1);
  }
  void connection_closed() { add(open_connections_, -1); }
  void connection_reset() { add(reset_connections_, 1); }
  void request_began() {
    add(requests_, 1);
    add(open_, 1);
  }
  void request_ended(Outcome outcome);
  // An answer with this status has begun.
  void answered(int status);

  // `name` is the upstream's; empty: it has none.
  std::string to_json(std::string_view name) const;

 private:
  using Count = std::atomic<std::int64_t>;
  static void add(Count& count, std::int64_t by) { count.fetch_add(by, std::memory_order_relaxed); }

  Count connections_{0};
  Count open_connections_{0};
  Count requests_{0};
  Count open_{0};
  Count completed_{0};
  Count cancelled_{0};
  Count cut_{0};
  Count reset_connections_{0};
  std::array<Count, 600> answers_{};  // by status
};

}  // namespace penstock::sim
