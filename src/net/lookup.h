#pragma once

// Blocking name look-ups.
//
// Only getaddrinfo() honours the machine's configuration (hosts file, nsswitch, search list), and
// it blocks, for half a minute if a name server does not answer. The resolver of each event loop
// (net/resolver.h) asks here, and is called back from the thread that has the answer.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/offload.h"
#include "net/socket_address.h"

namespace penstock::net {

struct LookupAnswer {
  std::vector<SocketAddress> addresses;  // in the system's order of preference, without ports
  std::string failure;                   // why there are none
};

using Lookup = Offload::Job;

// The seam under the resolver.
class Lookups {
 public:
  using Done = std::function<void(LookupAnswer)>;

  virtual ~Lookups() = default;

  // Calls `done` once, from any thread, unless the look-up is dropped before it begins. Fails with
  // kOverloaded if too many are waiting: `done` is then not called.
  virtual Result<std::shared_ptr<Lookup>> start(std::string host, Done done) = 0;
};

// Looks up a name with the system's resolver. Blocks.
LookupAnswer system_lookup(const std::string& host);

// Look-ups on threads of their own. start() may be called from any thread.
class LookupThreads final : public Lookups {
 public:
  using Source = std::function<LookupAnswer(const std::string& host)>;

  explicit LookupThreads(Offload::Options options, Source source = system_lookup);

  Result<std::shared_ptr<Lookup>> start(std::string host, Done done) override;

  Offload::Counts counts() const { return offload_.counts(); }
  void set_waiting_max(std::size_t waiting_max) { offload_.set_waiting_max(waiting_max); }

 private:
  const std::shared_ptr<const Source> source_;  // shared with the threads
  Offload offload_;
};

}  // namespace penstock::net
