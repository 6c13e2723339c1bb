#pragma once

// Simulator: an OpenAI-compatible inference service with made-up answers, in one process.
//
// start() opens the port and starts the threads; each has its own event loop, listener and handler.
// Owned by main() or a test.

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "sim/options.h"

namespace penstock::sim {

class Simulator {
 public:
  // Fails with kInternal if the port is unavailable, with kInvalidRequest if the models' names are
  // invalid.
  static Result<std::unique_ptr<Simulator>> start(Options options);
  // Cuts what is open, and waits for the threads.
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // From now on, requests and the port are treated as this timeline says, from its start. Returns
  // when each thread keeps to it. Any thread but the simulator's.
  void play(Timeline timeline);

  std::uint16_t port() const;
  const std::string& name() const;
  std::string url() const;         // "http://127.0.0.1:9321"
  std::string stats_json() const;  // the answer of GET /sim/stats; any thread

 private:
  struct Parts;
  explicit Simulator(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace penstock::sim
