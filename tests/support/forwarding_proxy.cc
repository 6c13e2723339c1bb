#include "support/forwarding_proxy.h"

#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::testing {
namespace {

// Of one end, before the other gets its turn.
constexpr milliseconds kTurn{2};

// `CONNECT host:port HTTP/1.1`.
std::uint16_t wanted_port(const HeadText& head) {
  const std::string target = head.start_line.substr(0, head.start_line.rfind(' '));
  return static_cast<std::uint16_t>(std::stoi(target.substr(target.rfind(':') + 1)));
}

// Moves what has arrived. False if this direction has ended.
bool move_some(Endpoint& from, Endpoint& to) {
  std::string bytes;
  const Io io = from.receive(bytes, after(kTurn));
  if (!bytes.empty() && to.send(bytes, after(kPatience)) != Io::kDone) return false;
  return io == Io::kDone || io == Io::kTimeout;
}

}  // namespace

ForwardingProxy::ForwardingProxy(SSL_CTX* tls) : tls_(tls), listening_(64) {
  acceptor_ = std::jthread([this] { accept_connections(); });
}

ForwardingProxy::~ForwardingProxy() {
  stopped_.release();
  acceptor_.join();
  threads_.clear();
}

std::string ForwardingProxy::url(const std::string& user) const {
  return tls_ ? fmt::format("https://{}localhost:{}", user, listening_.port)
              : fmt::format("http://{}127.0.0.1:{}", user, listening_.port);
}

void ForwardingProxy::answer(std::string text) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(text);
}

std::vector<HeadText> ForwardingProxy::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void ForwardingProxy::accept_connections() {
  while (!stopped_.released()) {
    Endpoint listening(dup(listening_.descriptor));
    listening.set_interrupt(&stopped_);
    if (listening.wait_readable(after(std::chrono::hours(1))) != Io::kDone) continue;
    const int descriptor = ::accept(listening_.descriptor, nullptr, nullptr);
    if (descriptor < 0) continue;
    threads_.emplace_back([this, descriptor] {
      Endpoint client(descriptor);
      client.set_interrupt(&stopped_);
      serve(client);
    });
  }
}

void ForwardingProxy::serve(Endpoint& client) {
  const TimePoint until = after(kPatience);
  if (tls_ != nullptr && !client.accept_tls(tls_, until)) return;
  std::string bytes;
  std::optional<HeadText> head;
  while (!(head = take_head(bytes))) {
    if (client.receive(bytes, until) != Io::kDone) return;
  }
  std::string refusal;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(*head);
    refusal = answer_;
  }
  if (!refusal.empty()) {
    client.send(refusal, until);
    client.close();
    return;
  }
  try {
    Endpoint upstream = Endpoint::connect(wanted_port(*head));
    upstream.set_interrupt(&stopped_);
    client.send("HTTP/1.1 200 Connection established\r\n\r\n", until);
    forward(client, upstream);
  } catch (const std::exception&) {
    client.send("HTTP/1.1 502 Bad Gateway\r\n\r\n", until);
  }
}

void ForwardingProxy::forward(Endpoint& client, Endpoint& upstream) {
  while (!stopped_.released()) {
    if (!move_some(client, upstream) || !move_some(upstream, client)) return;
  }
}

}  // namespace penstock::testing
