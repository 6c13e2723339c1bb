#pragma once

// Outlet: sends one answer's bytes, with the cuts and pauses of a Behaviour.
//
// Lives inside the handler's coroutine for one request.

#include <cstdint>
#include <string_view>

#include "core/clock.h"
#include "core/task.h"
#include "http/server_exchange.h"
#include "sim/behaviour.h"

namespace penstock::sim {

class Outlet {
 public:
  enum class Sent : std::uint8_t {
    kAll,
    kGone,  // the client has left, or does not read
    kCut,   // the behaviour ends the connection here
  };

  Outlet(http::ServerExchange& connection, const Behaviour& behaviour)
      : connection_(connection),
        behaviour_(behaviour),
        bytes_left_(behaviour.cut_after_bytes),
        random_(behaviour.seed) {}

  // How many of the first bytes are the answer's head; before the first of them is sent.
  void expect_head(std::size_t bytes);
  // Sends both parts, one after the other. The first bytes of all are the head's.
  Task<Sent> send(std::string_view first, std::string_view second = {});

  // Waits; ends early, with kGone, when the client leaves.
  Task<Sent> pause_until(SteadyTime time);
  // Gives other connections their turn.
  Task<Sent> yield();

 private:
  // Whether the bytes may be sent unchanged, in one write.
  bool smooth(std::size_t bytes) const;
  Task<Sent> send_in_pieces(std::string_view bytes);

  http::ServerExchange& connection_;
  const Behaviour& behaviour_;
  std::uint64_t bytes_left_;
  bool begun_ = false;
  SeededRandom random_;
};

}  // namespace penstock::sim
