#pragma once

// Resolving names to addresses without blocking the event loop.
//
// Each event loop caches the answers of its look-ups (net/lookup.h). getaddrinfo() reports no time
// to live, so an answer is fresh for 30 s. For ten minutes, an older one is used at once while a
// new one is fetched; after that, it is used if the new one has not arrived within a second. A
// failed look-up never removes an old answer; without one, the look-up is not repeated within a
// second. Concurrent look-ups of one name are merged.
//
// Hosts that callers name are looked up by separate threads, and their answers are kept separately,
// so that they cannot delay the look-ups of the operator's hosts.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "net/event_loop.h"
#include "net/lookup.h"
#include "net/mailbox.h"
#include "net/signal.h"
#include "net/socket_address.h"

namespace penstock::net {

// Who named a host.
enum class Asker : std::uint8_t { kOperator, kCaller };

struct Question {
  std::string host;  // a name, or an IP address without brackets
  std::uint16_t port = 80;
  Asker asker = Asker::kOperator;
  // kNew: the cached addresses could not be reached. They are used only if they are at most a
  // second old, or if the new look-up finds nothing.
  enum class Wanted : bool { kKept, kNew };
  Wanted wanted = Wanted::kKept;
};

// The seam for simulations. One instance per loop.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // At least one address, in the system's order of preference. Fails with kUpstreamUnreachable,
  // with kUpstreamTimeout at `until`, with kOverloaded if too many look-ups of callers' hosts are
  // waiting, with kCancelled when `cancel` is raised.
  virtual Task<Result<std::vector<SocketAddress>>> resolve(Question question, SteadyTime until,
                                                           Signal& cancel) = 0;
};

class SystemResolver final : public Resolver {
 public:
  // Bounds the cache, since callers may choose hosts.
  static constexpr std::size_t kEntriesMax = 1024;

  // Two kinds of look-ups: of the operator's hosts, and of callers'.
  SystemResolver(EventLoop& loop, Lookups& operators, Lookups& callers);
  ~SystemResolver() override;

  Task<Result<std::vector<SocketAddress>>> resolve(Question question, SteadyTime until,
                                                   Signal& cancel) override;

  // The names that are cached or being looked up.
  std::size_t entries(Asker asker) const { return hosts_of(asker).entries.size(); }

 private:
  struct Entry;
  struct Hosts {
    Lookups& lookups;
    std::unordered_map<std::string, std::shared_ptr<Entry>> entries;
  };

  Hosts& hosts_of(Asker asker) { return asker == Asker::kOperator ? operators_ : callers_; }
  const Hosts& hosts_of(Asker asker) const {
    return asker == Asker::kOperator ? operators_ : callers_;
  }
  std::shared_ptr<Entry> entry_of(Hosts& hosts, const std::string& host);
  Status start_lookup(const Question& question, Entry& entry);
  void finish_lookup(Asker asker, const std::string& host, LookupAnswer answer);
  Task<Result<std::vector<SocketAddress>>> look_up(const Question& question, SteadyTime until,
                                                   Signal& cancel);

  EventLoop& loop_;
  Mailbox mailbox_;  // where look-up threads leave answers
  Hosts operators_;
  Hosts callers_;
};

}  // namespace penstock::net
