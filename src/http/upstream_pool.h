#pragma once

// UpstreamPool: one thread's connections to one upstream.
//
// A connection whose exchange ended in order becomes idle here. The one used last is reused first,
// so that few stay warm and the rest expire. Idle connections are closed earlier than common
// servers would close them, and are never used after the upstream has closed them. An old
// connection is not kept: the upstream's name may resolve to another address by then.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "http/scratch.h"
#include "http/upstream_connection.h"
#include "http/upstream_exchange.h"
#include "http/upstream_limit.h"
#include "net/connector.h"

namespace penstock::http {

struct PoolLimits {
  std::chrono::milliseconds idle_timeout{4'000};
  std::chrono::milliseconds lifetime{0};             // from its creation; 0: no limit
  std::optional<std::size_t> idle_connections = {};  // nullopt: no limit
  UpstreamLimit* all_threads = nullptr;              // null: no limit
};

class UpstreamPool {
 public:
  UpstreamPool(net::EventLoop& loop, net::Connector& connector, ScratchPool& scratch,
               net::Destination destination, PoolLimits limits);
  ~UpstreamPool();
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  // An exchange over an idle connection, or over a new one. Errors: those of
  // net::Connector::connect(), and kOverloaded if the connection limit is reached and no connection
  // becomes free in time.
  Eventual<Result<UpstreamExchange>> acquire(Reuse reuse, SteadyTime until, net::Signal& cancel);

  // From now on; `all_threads` stays what it was.
  void set_limits(const PoolLimits& limits);

  // Closes idle connections that expired or that the upstream closed. Returns how many are left.
  std::size_t close_expired();
  void close_idle() { idle_.clear(); }
  // Closes the connection that has been idle longest, if a request waits for a place.
  void make_room();

 private:
  friend class UpstreamExchange;

  Task<Result<UpstreamExchange>> connect(Reuse reuse, SteadyTime until, net::Signal& cancel);
  Task<Result<UpstreamExchange>> wait_for_turn(Reuse reuse, SteadyTime until, net::Signal& cancel);
  Task<Result<UpstreamExchange>> connect_with(UpstreamLimit::Permit permit, SteadyTime until,
                                              net::Signal& cancel);
  // Takes a connection back after its exchange; one that cannot be reused is closed.
  void give_back(std::unique_ptr<UpstreamConnection> connection);
  bool usable(UpstreamConnection& connection) const;
  bool is_old(const UpstreamConnection& connection) const;

  net::EventLoop& loop_;
  net::Connector& connector_;
  ScratchPool& scratch_;
  net::Destination destination_;
  PoolLimits limits_;
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // the longest idle first
  std::shared_ptr<UpstreamLimit::Member> member_;          // of a limit for all threads
};

}  // namespace penstock::http
