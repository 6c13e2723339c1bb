#pragma once

// Making connections to upstreams.
//
// A host's addresses are tried one after the other, alternating between the two families, the next
// one as soon as one fails or has not answered for 250 ms ("happy eyeballs", RFC 8305). The first
// connection wins. So an unreachable family costs a quarter of a second, not its whole timeout. If
// every address fails, the host is looked up once more: it may have moved.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "net/epoll_poller.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/socket_stream.h"
#include "net/stream.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

namespace penstock::net {

// Which addresses are permitted. The resolved address is checked and then connected to, so that a
// name cannot change its answer between check and use.
enum class AddressRule : std::uint8_t { kAny, kPublicOnly };

struct Destination {
  using Party = TlsStream::Party;

  std::string host;  // a name or an IP address without brackets
  std::uint16_t port = 80;
  const TlsContext* tls = nullptr;  // null: plain
  AddressRule rule = AddressRule::kAny;
  Asker named_by = Asker::kOperator;
  Party party = Party::kUpstream;  // for messages
  std::string socket = {};         // the path of a unix socket that is there; empty: none
};

// The seam for simulations. One instance per loop.
class Connector {
 public:
  virtual ~Connector() = default;

  // A connection that is ready for the first byte. Errors: those of Resolver::resolve(),
  // kUpstreamUnreachable, kUpstreamTimeout at `until`, kUpstreamForbidden by the rule, kCancelled
  // when `cancel` is raised. After any of them, no byte of a request has been sent.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(const Destination& destination,
                                                        SteadyTime until, Signal& cancel) = 0;

  // The addresses of the destination's host, if its rule permits them. Errors: as for connect().
  virtual Task<Result<std::vector<SocketAddress>>> addresses_of(const Destination& destination,
                                                                SteadyTime until, Signal& cancel);
};

class SocketConnector final : public Connector {
 public:
  SocketConnector(EventLoop& loop, EpollPoller& poller, Resolver& resolver)
      : loop_(loop), poller_(poller), resolver_(resolver) {}

  Task<Result<std::unique_ptr<Stream>>> connect(const Destination& destination, SteadyTime until,
                                                Signal& cancel) override;
  Task<Result<std::vector<SocketAddress>>> addresses_of(const Destination& destination,
                                                        SteadyTime until, Signal& cancel) override;

 private:
  struct Race;
  using Addresses = std::vector<SocketAddress>;

  Task<Result<Addresses>> look_up(const Destination& destination, Question::Wanted wanted,
                                  SteadyTime until, Signal& cancel);
  Task<Result<std::unique_ptr<Stream>>> connect_to_socket(const Destination& destination,
                                                          SteadyTime until, Signal& cancel);
  Task<Result<std::unique_ptr<Stream>>> connect_to_any(const Destination& destination,
                                                       const Addresses& addresses, SteadyTime until,
                                                       Signal& cancel);
  Task<void> run(Race& race, const Destination& destination, SocketAddress address,
                 SteadyTime until);
  Task<Result<std::unique_ptr<Stream>>> connect_to(const Destination& destination,
                                                   SocketAddress address, SteadyTime until,
                                                   Signal& cancel);
  Task<Result<std::unique_ptr<RegisteredSocket>>> open(const Destination& destination,
                                                       SocketAddress address, Deadline& deadline,
                                                       Signal& cancel);
  Task<Result<std::unique_ptr<RegisteredSocket>>> finish_connect(int descriptor, int start_error,
                                                                 std::string_view party,
                                                                 Deadline& deadline,
                                                                 Signal& cancel);
  Task<Result<std::unique_ptr<Stream>>> secure(const Destination& destination,
                                               std::unique_ptr<RegisteredSocket> socket,
                                               SocketAddress address, Deadline& deadline,
                                               Signal& cancel);

  EventLoop& loop_;
  EpollPoller& poller_;
  Resolver& resolver_;
};

}  // namespace penstock::net
