#pragma once

// Names to addresses, without blocking the event loop.
//
// Each event loop keeps the answers of its look-ups (net/lookup.h): getaddrinfo tells no time to
// live, so an answer is new for 30 s. An older one serves on at once while a new one is fetched,
// for ten minutes; one that is older still serves where the new one has not come within a second.
// A failed look-up never takes an old answer away, and without one it is not repeated within a
// second. Look-ups of one name at one time are one look-up.
//
// Hosts that callers name are looked up by threads of their own, and their answers are kept apart:
// whatever callers ask for, the operator's hosts wait for nothing of it.

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
#include "net/signal.h"
#include "net/socket_address.h"

namespace penstock::net {

// Who has named a host.
enum class Asker : std::uint8_t { kOperator, kCaller };

struct Question {
  std::string host;  // a name, or an IP address without brackets
  std::uint16_t port = 80;
  Asker asker = Asker::kOperator;
  // What was kept led nowhere: it serves only where it is not older than a second, or where a new
  // look-up brings nothing.
  enum class Wanted : bool { kKept, kNew };
  Wanted wanted = Wanted::kKept;
};

// The seam for simulations. One instance a loop.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // At least one address, in the system's order of preference. Fails with kUpstreamUnreachable,
  // with kUpstreamTimeout at `until`, with kOverloaded where too many look-ups of callers' hosts
  // wait, with kCancelled when `cancel` is raised.
  virtual Task<Result<std::vector<SocketAddress>>> resolve(Question question, SteadyTime until,
                                                           Signal& cancel) = 0;
};

class SystemResolver final : public Resolver {
 public:
  // Callers may choose hosts: what is kept must not grow with what they choose.
  static constexpr std::size_t kEntriesMax = 1024;

  // Look-ups of the operator's hosts, and of callers'.
  SystemResolver(EventLoop& loop, Lookups& operators, Lookups& callers);
  ~SystemResolver() override;

  Task<Result<std::vector<SocketAddress>>> resolve(Question question, SteadyTime until,
                                                   Signal& cancel) override;

  // The names that something is known of, or asked about.
  std::size_t entries(Asker asker) const { return hosts_of(asker).entries.size(); }

 private:
  struct Entry;
  struct Mailbox;
  struct Hosts {
    Lookups& lookups;
    std::unordered_map<std::string, std::shared_ptr<Entry>> entries;
  };

  Hosts& hosts_of(Asker asker) { return asker == Asker::kOperator ? operators_ : callers_; }
  const Hosts& hosts_of(Asker asker) const {
    return asker == Asker::kOperator ? operators_ : callers_;
  }
  std::shared_ptr<Entry> entry_of(Hosts& hosts, const std::string& host);
  bool start_lookup(const Question& question, Entry& entry);
  void finish_lookup(Asker asker, const std::string& host, LookupAnswer answer);
  Task<Result<std::vector<SocketAddress>>> look_up(const Question& question, SteadyTime until,
                                                   Signal& cancel);

  EventLoop& loop_;
  std::shared_ptr<Mailbox> mailbox_;
  Hosts operators_;
  Hosts callers_;
};

}  // namespace penstock::net
