// raw-relay: the minimum that any proxy in user space must do (docs/benchmarks.md).
//
// One thread, one epoll instance. Each client's connection has one connection to the upstream; what
// one side sends is read and written to the other, unparsed. No HTTP, no limits, no timeouts: a
// reference to compare a gateway with, not a program to run.
//
//     raw-relay LISTEN_PORT UPSTREAM_PORT        (both on 127.0.0.1)

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

struct Pair;

// One of the two sockets of a pair, and what could not be written to it yet.
struct Side {
  Pair* pair = nullptr;
  Side* other = nullptr;
  int socket = -1;
  std::string waiting;
  std::size_t written = 0;

  bool has_waiting() const { return written < waiting.size(); }
};

struct Pair {
  Side client;
  Side upstream;
  bool closed = false;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int open_socket() {
  return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void send_at_once(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class Relay {
 public:
  Relay(int listener, std::uint16_t upstream_port)
      : epoll_(epoll_create1(EPOLL_CLOEXEC)),
        listener_(listener),
        upstream_(loopback(upstream_port)) {
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto* side = static_cast<Side*>(event.data.ptr);
        if (side == nullptr) {
          accept_all();
        } else if (!side->pair->closed) {
          serve(*side, event.events);
        }
      }
      // Not earlier: a later event of the same round may still point to an ended pair.
      ended_.clear();
    }
  }

 private:
  void accept_all() {
    for (;;) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client < 0) return;
      const int upstream = open_socket();
      const auto* address = reinterpret_cast<const sockaddr*>(&upstream_);
      if (upstream < 0 ||
          (connect(upstream, address, sizeof upstream_) != 0 && errno != EINPROGRESS)) {
        close(client);
        if (upstream >= 0) close(upstream);
        continue;
      }
      auto* pair = new Pair;
      watch(pair->client, *pair, pair->upstream, client);
      watch(pair->upstream, *pair, pair->client, upstream);
    }
  }

  void watch(Side& side, Pair& pair, Side& other, int socket) {
    side.pair = &pair;
    side.other = &other;
    side.socket = socket;
    send_at_once(socket);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = &side;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void serve(Side& side, std::uint32_t events) {
    const bool can_write = (events & EPOLLOUT) != 0;
    bool alive = true;
    if (can_write && side.has_waiting()) alive = write_waiting(side) && pump(*side.other);
    if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) alive = pump(side);
    if (!alive) end(*side.pair);
  }

  // Moves what can be read from `side` to the other. False if the pair has ended.
  bool pump(Side& side) {
    while (!side.other->has_waiting()) {
      const ssize_t got = recv(side.socket, bytes_.data(), bytes_.size(), 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      const auto size = static_cast<std::size_t>(got);
      if (!write_new(*side.other, std::string_view(bytes_.data(), size))) return false;
      // A short read: the socket is empty, and further bytes are a new event.
      if (size < bytes_.size()) return true;
    }
    return true;
  }

  bool write_new(Side& side, std::string_view data) {
    const ssize_t sent = send(side.socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    data.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    side.waiting.assign(data);
    side.written = 0;
    return true;
  }

  bool write_waiting(Side& side) {
    const ssize_t sent = send(side.socket, side.waiting.data() + side.written,
                              side.waiting.size() - side.written, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    side.written += static_cast<std::size_t>(sent);
    if (!side.has_waiting()) side.waiting = {};
    return true;
  }

  void end(Pair& pair) {
    pair.closed = true;
    close(pair.client.socket);
    close(pair.upstream.socket);
    ended_.emplace_back(&pair);
  }

  int epoll_;
  int listener_;
  sockaddr_in upstream_;
  std::array<char, kReadBytes> bytes_;
  std::vector<std::unique_ptr<Pair>> ended_;
};

int listen_on(std::uint16_t port) {
  const int listener = open_socket();
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (listener < 0 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 4096) != 0) {
    return -1;
  }
  return listener;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t listen_port = 0;
  std::uint16_t upstream_port = 0;
  if (argc != 3 || !parse_port(argv[1], listen_port) || !parse_port(argv[2], upstream_port)) {
    std::fputs("usage: raw-relay LISTEN_PORT UPSTREAM_PORT\n", stderr);
    return 2;
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const int listener = listen_on(listen_port);
  if (listener < 0) {
    std::fprintf(stderr, "raw-relay: cannot listen: %s\n", std::strerror(errno));
    return 1;
  }
  const auto relay = std::make_unique<Relay>(listener, upstream_port);
  relay->run();
}
