#pragma once

// ForwardingProxy: a forward proxy on a port of 127.0.0.1 that answers CONNECT, and records what it
// was asked. Whatever host is asked for, the tunnel leads to that port of this machine.
//
// One thread accepts, and each connection has a thread. Destroying it ends everything in progress.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/endpoint.h"
#include "support/http_text.h"

namespace penstock::testing {

class ForwardingProxy {
 public:
  // With `tls`, the proxy itself is reached over TLS. The context outlives the object.
  explicit ForwardingProxy(SSL_CTX* tls = nullptr);
  ~ForwardingProxy();
  ForwardingProxy(const ForwardingProxy&) = delete;
  ForwardingProxy& operator=(const ForwardingProxy&) = delete;

  // `user` is put before the host: `name:password@`.
  std::string url(const std::string& user = "") const;

  // Answers with this text in place of a tunnel, and closes.
  void answer(std::string text);
  // The heads of the requests, in the order of their arrival.
  std::vector<HeadText> asked() const;

 private:
  void accept_connections();
  void serve(Endpoint& client);
  void forward(Endpoint& client, Endpoint& upstream);

  SSL_CTX* const tls_;
  ListeningSocket listening_;
  Latch stopped_;
  mutable std::mutex mutex_;
  std::string answer_;
  std::vector<HeadText> asked_;
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;  // last: it uses everything above
};

}  // namespace penstock::testing
