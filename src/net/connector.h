#pragma once

// Making connections to upstreams.

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "core/task.h"
#include "net/epoll_poller.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tls_context.h"

namespace penstock::net {

// Which addresses may be connected to. The check is made on the resolved address that is then
// connected to, so that a name cannot change its mind between check and use.
enum class AddressRule : std::uint8_t { kAny, kPublicOnly };

struct Destination {
  std::string host;  // a name or an IP address without brackets
  std::uint16_t port = 80;
  const TlsContext* tls = nullptr;  // null: plain
  AddressRule rule = AddressRule::kAny;
};

// The seam for simulations. One instance a loop.
class Connector {
 public:
  virtual ~Connector() = default;

  // A connection that is ready for the first byte. Errors: kUpstreamUnreachable,
  // kUpstreamTimeout at `until`, kUpstreamForbidden by the rule, kCancelled when `cancel` is
  // raised. Nothing of a request has been sent in any of them.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(const Destination& destination,
                                                        SteadyTime until, Signal& cancel) = 0;
};

class SocketConnector final : public Connector {
 public:
  SocketConnector(EventLoop& loop, EpollPoller& poller, Resolver& resolver)
      : loop_(loop), poller_(poller), resolver_(resolver) {}

  Task<Result<std::unique_ptr<Stream>>> connect(const Destination& destination, SteadyTime until,
                                                Signal& cancel) override;

 private:
  Task<Result<std::unique_ptr<Stream>>> connect_to(const Destination& destination,
                                                   SocketAddress address, SteadyTime until,
                                                   Signal& cancel);

  EventLoop& loop_;
  EpollPoller& poller_;
  Resolver& resolver_;
};

}  // namespace penstock::net
