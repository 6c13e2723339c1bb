#pragma once

// UpstreamPool: one thread's connections to one upstream.
//
// A connection that has ended an exchange in order rests here, the last one used first in line:
// the fewest stay warm and the rest age out. Connections are closed after a rest shorter than
// common servers' own limit, and never handed out once the upstream has closed them.

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "http/scratch.h"
#include "http/upstream_connection.h"
#include "net/connector.h"

namespace penstock::http {

struct PoolLimits {
  std::chrono::milliseconds idle_timeout{4'000};
  std::size_t idle_connections = 0;  // 0: no limit
};

enum class Reuse : bool { kNo, kYes };

class UpstreamPool {
 public:
  UpstreamPool(net::EventLoop& loop, net::Connector& connector, ScratchPool& scratch,
               net::Destination destination, PoolLimits limits);

  // A resting connection, or a new one. Errors as of net::Connector::connect().
  Eventual<Result<std::unique_ptr<UpstreamConnection>>> acquire(Reuse reuse, SteadyTime until,
                                                                net::Signal& cancel);

  // Takes a connection back after its exchange; one that cannot be reused is closed.
  void give_back(std::unique_ptr<UpstreamConnection> connection);

  // The same for one whose answer nobody wants, where its rest has arrived and is short.
  void give_back_unread(std::unique_ptr<UpstreamConnection> connection);

  // Closes what has rested too long or was closed by the upstream. Returns how many still rest.
  std::size_t close_expired();
  void close_idle() { idle_.clear(); }

 private:
  Task<Result<std::unique_ptr<UpstreamConnection>>> connect(SteadyTime until, net::Signal& cancel);
  bool usable(UpstreamConnection& connection) const;

  net::EventLoop& loop_;
  net::Connector& connector_;
  ScratchPool& scratch_;
  net::Destination destination_;
  PoolLimits limits_;
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // the longest rest first
};

}  // namespace penstock::http
