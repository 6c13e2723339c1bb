#pragma once

// UpstreamPool: one thread's connections to one upstream.
//
// A connection that has ended an exchange in order rests here, the last one used first in line:
// the fewest stay warm and the rest age out. Connections are closed after a rest shorter than
// common servers' own limit, and never handed out once the upstream has closed them. One that has
// grown old is not kept: the upstream's name may lead elsewhere by now.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "http/scratch.h"
#include "http/upstream_connection.h"
#include "http/upstream_limit.h"
#include "net/connector.h"

namespace penstock::http {

struct PoolLimits {
  std::chrono::milliseconds idle_timeout{4'000};
  std::chrono::milliseconds lifetime{0};        // from its making; 0: no limit
  std::optional<std::size_t> idle_connections;  // nothing: no limit
  UpstreamLimit* all_threads = nullptr;         // null: no limit
};

class UpstreamPool {
 public:
  UpstreamPool(net::EventLoop& loop, net::Connector& connector, ScratchPool& scratch,
               net::Destination destination, PoolLimits limits);
  ~UpstreamPool();
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  // A resting connection, or a new one. Errors as of net::Connector::connect(), and kOverloaded
  // where all connections that may be are in use and none becomes free in time.
  Eventual<Result<std::unique_ptr<UpstreamConnection>>> acquire(Reuse reuse, SteadyTime until,
                                                                net::Signal& cancel);

  // Takes a connection back after its exchange; one that cannot be reused is closed.
  void give_back(std::unique_ptr<UpstreamConnection> connection);

  // The same for one whose answer nobody wants, where its rest has arrived and is short.
  void give_back_unread(std::unique_ptr<UpstreamConnection> connection);

  // Closes what has rested too long or was closed by the upstream. Returns how many still rest.
  std::size_t close_expired();
  void close_idle() { idle_.clear(); }
  // Closes the connection that has rested the longest, where somebody waits for a place.
  void make_room();

 private:
  Task<Result<std::unique_ptr<UpstreamConnection>>> connect(Reuse reuse, SteadyTime until,
                                                            net::Signal& cancel);
  Task<Result<std::unique_ptr<UpstreamConnection>>> wait_for_turn(Reuse reuse, SteadyTime until,
                                                                  net::Signal& cancel);
  Task<Result<std::unique_ptr<UpstreamConnection>>> connect_with(UpstreamLimit::Permit permit,
                                                                 SteadyTime until,
                                                                 net::Signal& cancel);
  bool usable(UpstreamConnection& connection) const;
  bool is_old(const UpstreamConnection& connection) const;

  net::EventLoop& loop_;
  net::Connector& connector_;
  ScratchPool& scratch_;
  net::Destination destination_;
  PoolLimits limits_;
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // the longest rest first
  std::shared_ptr<UpstreamLimit::Member> member_;          // of a limit for all threads
};

}  // namespace penstock::http
