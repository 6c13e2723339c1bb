#pragma once

// MemoryStream: one end of a connection in memory.
//
// A pair behaves like two connected sockets, including their signals: they are raised by what the
// other end does, and lowered by a read or write that finds nothing left. Written bytes reach the
// other end at once or, under a MemoryNetwork, in pieces and at moments that a seeded generator
// chooses, and perhaps never. A test holds one end and gives the other to the code under test;
// send() and receive() simplify the test's side.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "net/stream.h"

namespace penstock::testing {

class MemoryNetwork;

struct MemoryOptions {
  enum class Manner {
    kTcp,  // a read that takes everything lowers `readable`
    kTls,  // only a blocked read does, and every event raises both directions
  };
  Manner manner = Manner::kTcp;
  std::size_t window_bytes = 64 * 1024;  // written but not yet read by the other end
  std::size_t read_bytes_max = static_cast<std::size_t>(-1);
  std::size_t write_bytes_max = static_cast<std::size_t>(-1);
  MemoryNetwork* network = nullptr;  // null: bytes arrive at once
};

class MemoryStream final : public net::Stream {
 public:
  ~MemoryStream() override;

  net::Transfer read(std::span<char> into) override;
  net::Transfer write(std::span<const iovec> pieces) override;
  net::Signal& readable() override { return readable_; }
  net::Signal& writable() override { return writable_; }
  net::Signal& closed() override { return closed_; }
  void end_writing() override;
  void reset_on_close() override { resets_ = true; }
  const net::SocketAddress& peer() const override { return peer_; }

  // For the test's end. send() returns how much fitted; receive() takes all that has arrived.
  std::size_t send(std::string_view text);
  std::string receive();
  bool ended();  // after receive(): the other end has ended in order
  bool broken() const { return in_->broken; }
  // Breaks the connection for both ends; what is in transit is lost.
  void reset();
  // Raises both signals although nothing has happened, as TLS does.
  void raise_for_nothing();

 private:
  friend class MemoryNetwork;
  friend std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_pair(
      const MemoryOptions& near, const MemoryOptions& far);

  // One direction.
  struct Pipe {
    std::string arrived;
    std::string under_way;
    bool end_sent = false;
    bool end_arrived = false;
    bool broken = false;
    std::size_t window_bytes = 0;
    MemoryStream* reader = nullptr;
    MemoryStream* writer = nullptr;

    bool in_flight() const { return !under_way.empty() || (end_sent && !end_arrived); }
    void deliver(std::size_t bytes);
    void break_off();
  };

  MemoryStream(const MemoryOptions& options, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out);
  void event(net::Signal& signal);

  MemoryOptions options_;
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  net::Signal readable_;
  net::Signal writable_;
  net::Signal closed_;
  net::SocketAddress peer_;
  bool resets_ = false;
};

// Two ends of one connection. `near` describes the first, `far` the second.
std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_pair(
    const MemoryOptions& near = {}, const MemoryOptions& far = {});

// The network between the ends: delays bytes, delivers them, or breaks the connection, as the
// generator decides. Outlives its streams.
class MemoryNetwork {
 public:
  // In 1 of `breaks_one_in` steps a connection breaks; 0: never.
  MemoryNetwork(Random& random, std::size_t breaks_one_in)
      : random_(random), breaks_one_in_(breaks_one_in) {}

  // Lets one thing happen to one direction of one connection. False if nothing is in transit.
  bool step();
  Random& random() { return random_; }
  std::size_t breaks() const { return breaks_; }

 private:
  friend std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_pair(
      const MemoryOptions& near, const MemoryOptions& far);

  Random& random_;
  std::size_t breaks_one_in_;
  std::size_t breaks_ = 0;
  std::vector<std::weak_ptr<MemoryStream::Pipe>> pipes_;
};

}  // namespace penstock::testing
