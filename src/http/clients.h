#pragma once

// Clients: the client connections of one thread, and which of them ends when room is needed.
//
// A connection costs a descriptor and some memory, and anybody can open one. While there is room,
// everybody may. At the limit, a new connection replaces another, in this order:
//
//   1. one that has its last answer, and only waits for its client to close,
//   2. one that has not shown a key (or uses only public routes): the oldest of the address that
//      has the most of these; for IPv6, a /64 network counts as one address,
//   3. one of a client that has shown a key, between two requests: the one that is idle longest.
//
// A connection that is serving a client with a key is never ended. If all are of that kind, a new
// connection gets one of a few reserved places, which serve operations (/healthz, /metrics),
// and others if a place has become free by then; the oldest reserved one ends first. So a client
// with many connections can keep neither key holders nor operations out.
//
// Addresses are compared only at the limit: behind a reverse proxy all clients have one address,
// and must not suffer from it.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/signal.h"
#include "net/socket_address.h"

namespace penstock::http {

class Client;
class Clients;
class ServerConnection;

// The client connections of all threads.
class ConnectionCount {
 public:
  explicit ConnectionCount(std::size_t max) : max_(max) {}

  // For new connections. Any thread.
  void set_max(std::size_t max) { max_.store(max, std::memory_order_relaxed); }

  // False if the limit is reached; otherwise leave() must follow.
  bool enter() {
    const std::size_t max = max_.load(std::memory_order_relaxed);
    if (open_.fetch_add(1, std::memory_order_relaxed) < max) return true;
    leave();
    return false;
  }
  // Replaces a connection that has been told to end.
  void enter_anyway() { open_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { open_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  friend class Clients;
  // Asks a thread other than `own` to end a connection. False if none has one to spare.
  bool ask_others(const Clients& own);

  std::atomic<std::size_t> max_;
  std::atomic<std::size_t> open_{0};
  std::mutex threads_mutex_;
  std::vector<Clients*> threads_;
};

class Clients {
 public:
  enum class Place : std::uint8_t { kNone, kOrdinary, kReserved };

  // `reserved`: the reserved places of this thread.
  Clients(net::EventLoop& loop, ConnectionCount& count, std::size_t reserved);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void set_reserved(std::size_t reserved) { reserved_max_ = reserved; }

  // Finds a place for a new connection; another connection may have to end for it.
  Place find_place();

  // The same for a connection that uses one of the last descriptors: others end to free some, for
  // it and for its upstream. If none can, it may use operations only.
  Place find_place_without_descriptors();

  // Whether the limit was reached in the last of these calls.
  bool was_full() const { return was_full_; }

  // Ends the connection that goes first, if any may; soon, not within the call.
  bool end_one();

  // Raised while no client is in the middle of a handshake, a head, or a body that is discarded:
  // things that a drain waits for although they are not exchanges.
  net::Signal& quiet() { return quiet_; }

 private:
  friend class Client;
  friend class ConnectionCount;

  struct Link {
    Link* previous = this;
    Link* next = this;
    bool linked() const { return next != this; }
    void unlink();
  };
  // An address, and the unknown connections that came from it.
  using Network = std::array<std::uint8_t, 9>;
  struct Group {
    Link members;
    std::size_t size = 0;
  };

  static Network network_of(const net::SocketAddress& peer);
  static void append(Link& list, Link& link);
  bool end_first(Link& list);
  bool take_ordinary();
  Place take_reserved();
  void join(Client& client);
  void leave(Client& client);
  void resize(Group& group, std::size_t size);
  void count_spare(std::size_t spare) { spare_.store(spare, std::memory_order_relaxed); }

  net::EventLoop& loop_;
  ConnectionCount& count_;
  std::size_t reserved_max_;
  std::size_t reserved_ = 0;
  Link leaving_;
  Link idle_;
  Link reserved_list_;
  std::map<Network, Group> groups_;
  std::set<std::pair<std::size_t, Group*>> by_size_;
  std::atomic<std::size_t> spare_{0};  // connections that may end; read by other threads
  bool was_full_ = false;
  std::size_t in_the_middle_ = 0;
  net::Signal quiet_;
};

// One client connection, from its accept to its end.
class Client : private Clients::Link {
 public:
  // `place` is the result of find_place(), and not kNone.
  Client(Clients& clients, const net::SocketAddress& peer, Clients::Place place);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // It turns out to come from `peer`, before its first request.
  void comes_from(const net::SocketAddress& peer);

  // Raised when the connection must end, for waits before there is a ServerConnection.
  net::Signal& ended() { return ended_; }
  // From then on, `connection` is told when it must end.
  void set_connection(ServerConnection* connection) { connection_ = connection; }

  // The client has shown a key. False if its place is reserved and no ordinary one is free.
  bool admit();
  bool is_admitted() const { return standing_ == Standing::kIdle || standing_ == Standing::kBusy; }
  // The first byte of a request has arrived; its answer has been written.
  void request_begins() {
    if (standing_ == Standing::kIdle) move_to(Standing::kBusy);
  }
  void request_ends() {
    if (standing_ == Standing::kBusy) move_to(Standing::kIdle);
  }
  // The last answer has been written.
  void leaves() { move_to(Standing::kLeaving); }

  // In the middle of something that a drain waits for.
  void set_in_the_middle() { set_middle(1); }
  void set_not_in_the_middle() { set_middle(0); }

 private:
  friend class Clients;

  enum class Standing : std::uint8_t { kUnknown, kReserved, kIdle, kBusy, kLeaving, kEnded };

  void move_to(Standing standing);
  void end();
  void set_middle(std::size_t middle);

  Clients& clients_;
  Clients::Network network_;
  Clients::Group* group_ = nullptr;
  Standing standing_;
  bool counted_;
  std::size_t middle_ = 0;
  net::Signal ended_;
  ServerConnection* connection_ = nullptr;
};

}  // namespace penstock::http
