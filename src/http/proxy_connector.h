#pragma once

// ProxyConnector: connections through a forward proxy.
//
// The proxy is asked for a tunnel (CONNECT, RFC 9110 section 9.3.6) for upstreams of both schemes.
// Inside the tunnel everything is as without a proxy: TLS ends at the upstream, no byte is changed,
// and nothing of a request has been sent when the proxy refuses. The proxy itself may be reached
// over TLS.
//
// A caller's host, whose address must be public, is looked up here, and the proxy is asked for the
// address: it might find another one by the name.

#include <memory>
#include <string>

#include "core/result.h"
#include "core/secret.h"
#include "core/task.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace penstock::http {

class ProxyConnector final : public net::Connector {
 public:
  // `direct` leads to the proxy and outlives this, as does the context in `proxy`. `credentials`
  // are `user:password`; empty: none.
  ProxyConnector(net::EventLoop& loop, net::Connector& direct, net::Destination proxy,
                 const Secret& credentials);

  // Errors: as of Connector::connect(), about the proxy, and kUpstreamUnreachable or, of a proxy
  // that has waited in vain itself, kUpstreamTimeout if it opens no tunnel. All of it happens until
  // `until`.
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination& destination,
                                                     SteadyTime until,
                                                     net::Signal& cancel) override;

 private:
  Task<Result<std::string>> name_for_proxy(const net::Destination& destination, SteadyTime until,
                                           net::Signal& cancel);
  std::string request_for(const std::string& target) const;
  Task<Status> open_tunnel(net::Stream& stream, const std::string& target, net::Deadline& deadline,
                           net::Signal& cancel);
  Task<Status> receive_answer(net::Stream& stream, net::Deadline& deadline, net::Signal& cancel);
  Status judge(int status) const;

  net::EventLoop& loop_;
  net::Connector& direct_;
  const net::Destination proxy_;
  const Secret authorization_;  // the value of the field; empty: none is sent
};

}  // namespace penstock::http
