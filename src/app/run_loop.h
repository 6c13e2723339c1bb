#pragma once

// RunLoop: what the main thread does while the server runs. It waits for signals, and for what else
// it is told of, and reacts to them.
//
//   RunLoop run_loop;                                   // before any thread starts
//   run_loop.on(SIGHUP, [&] { reload.request(); });     // each signal has one named reaction
//   run_loop.run(service, supervision, log);            // until the service has ended
//
// SIGTERM and SIGINT end the server: the first starts the drain, the second cuts it short. A
// server that has not ended a second after that is left as it is: the process exits.
//
// A signal without a reaction is ignored, with a line in the log. Reactions run one after the other
// on the thread that called run(), while the server serves and while it drains, so a reaction may
// take its time, but the next signal waits for it.

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "app/service.h"
#include "app/supervision.h"
#include "core/clock.h"
#include "telemetry/log.h"

namespace penstock::app {

class RunLoop {
 public:
  using Reaction = std::function<void()>;

  // Blocks the signals in the calling thread and in all threads that it starts afterwards, so that
  // only run() receives them.
  RunLoop();
  RunLoop(const RunLoop&) = delete;
  RunLoop& operator=(const RunLoop&) = delete;

  ~RunLoop();

  // What may happen besides signals: a descriptor becomes readable, or a time comes. Both are asked
  // for before each wait, so they may change; -1 and nullopt: nothing is awaited.
  struct Source {
    std::function<int()> descriptor;
    std::function<std::optional<SteadyTime>()> due;
    Reaction reaction;
  };
  void on(Source source) { sources_.push_back(std::move(source)); }

  // What SIGHUP, SIGUSR1 or SIGUSR2 does.
  void on(int signal, Reaction reaction) { reactions_[signal] = std::move(reaction); }

  // Returns when the service has ended.
  void run(Service& service, Supervision& supervision, telemetry::Log& log);

 private:
  struct Running;

  int next_signal(std::optional<std::chrono::nanoseconds> limit) const;
  int wait_for_end(Running& running, std::optional<SteadyTime> until = std::nullopt) const;
  void wait_until_ended(Running& running) const;
  void react(int signal, telemetry::Log& log) const;

  int signals_;  // the descriptor that they can be read from
  std::map<int, Reaction> reactions_;
  std::vector<Source> sources_;
};

}  // namespace penstock::app
