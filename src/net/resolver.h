#pragma once

// Names to addresses, without blocking the event loop.
//
// getaddrinfo() is what honours the machine's configuration (hosts file, nsswitch, search list),
// and it blocks; it runs on a few threads of its own. Each event loop keeps a small cache: answers
// for 30 s (getaddrinfo tells no time to live), failures for 1 s; an old answer serves on while a
// new look-up fails. Concurrent look-ups of one name are one look-up.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "net/socket_address.h"

namespace penstock::net {

// The seam for simulations. One instance a loop.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // At least one address, in the system's order of preference. Fails with kUpstreamUnreachable,
  // with kUpstreamTimeout at `until`, with kCancelled when `cancel` is raised.
  virtual Task<Result<std::vector<SocketAddress>>> resolve(std::string host, std::uint16_t port,
                                                           SteadyTime until, Signal& cancel) = 0;
};

// The threads that block in getaddrinfo(), shared by all loops. A look-up may outlast the process'
// wish to end, so the threads are not joined; they own what they touch.
class LookupThreads {
 public:
  explicit LookupThreads(std::size_t threads);
  ~LookupThreads();
  LookupThreads(const LookupThreads&) = delete;
  LookupThreads& operator=(const LookupThreads&) = delete;

  void run(std::function<void()> work);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

class SystemResolver final : public Resolver {
 public:
  SystemResolver(EventLoop& loop, LookupThreads& threads);
  ~SystemResolver() override;

  Task<Result<std::vector<SocketAddress>>> resolve(std::string host, std::uint16_t port,
                                                   SteadyTime until, Signal& cancel) override;

 private:
  struct Entry;
  struct Mailbox;

  Entry& entry_of(const std::string& host);
  void start_lookup(const std::string& host, Entry& entry);
  void finish_lookup(const std::string& host, std::vector<SocketAddress> found,
                     std::string failure_text);

  EventLoop& loop_;
  LookupThreads& threads_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace penstock::net
