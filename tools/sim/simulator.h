#pragma once

// Simulator: an OpenAI-compatible inference service that makes its answers up, in one process.
//
// start() opens the port and starts the threads; each has an event loop, a listener and a handler
// of its own. The object is owned by main() or a test.

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "sim/options.h"

namespace penstock::sim {

class Simulator {
 public:
  // Fails with kInternal where the port cannot be had, with kInvalidRequest where the models are
  // not well named.
  static Result<std::unique_ptr<Simulator>> start(Options options);
  // Cuts what is open, and waits for the threads.
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  std::uint16_t port() const;
  std::string url() const;         // "http://127.0.0.1:9321"
  std::string stats_json() const;  // as GET /sim/stats gives it; any thread

 private:
  struct Parts;
  explicit Simulator(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace penstock::sim
