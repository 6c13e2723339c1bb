#pragma once

// Door: one thread's port, opened and closed as a course says.
//
// Belongs to the thread's loop. Each time that the door opens, it gets another http::Server with
// the same handler; the one before ends when its last connection has ended.

#include <functional>
#include <memory>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "http/server.h"
#include "net/epoll_poller.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "sim/course.h"
#include "sim/stats.h"

namespace penstock::sim {

class Door {
 public:
  // All references outlive the door.
  Door(const http::ServerContext& context, net::EpollPoller& poller, http::ConnectionCount& count,
       Stats& stats, net::TaskGroup::OnException on_exception);

  // Opens the port, before start(). Returns the address with the assigned port.
  Result<net::SocketAddress> open(const net::SocketAddress& address);
  void start();

  // In the loop's thread: from now on, the door is as this course says; null: open. Calls `settled`
  // when it is.
  void follow(std::shared_ptr<const Course> course, std::function<void()> settled);

  // Cuts everything; join() then ends.
  void stop();
  Task<void> join() { return tasks_.join(); }

 private:
  Task<void> run();
  void pass_to(DoorState state);
  void settle();
  void let_in();
  void reset_newcomers();
  void retire();
  Task<void> see_off(http::Server* server);
  Task<void> reset_each(std::unique_ptr<net::Listener> listener);

  const http::ServerContext context_;
  net::EpollPoller& poller_;
  http::ConnectionCount& count_;
  Stats& stats_;
  net::TaskGroup::OnException on_exception_;
  net::SocketAddress address_;
  std::shared_ptr<const Course> course_;
  DoorState state_ = DoorState::kOpen;
  std::unique_ptr<http::Server> server_;                // while it is open
  std::vector<std::unique_ptr<http::Server>> retired_;  // with connections left
  std::vector<std::function<void()>> waiting_;          // for the door to be as the course says
  net::Signal changed_;
  net::Signal stopped_;
  net::Signal no_resets_;
  net::TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace penstock::sim
