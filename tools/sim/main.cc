// penstock-sim: an OpenAI-compatible upstream for demos, tests and benchmarks (docs/simulator.md).

#include <csignal>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "net/descriptor_limit.h"
#include "sim/options.h"
#include "sim/simulator.h"

namespace {

// The signals that end the program, blocked in every thread: main() waits for them.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int run(int argc, char** argv) {
  CLI::App app("An OpenAI-compatible inference service with made-up answers.", "penstock-sim");
  penstock::sim::Options options;
  penstock::sim::add_options(app, options);
  CLI11_PARSE(app, argc, argv);

  const bool quiet = options.quiet;
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = block_end_signals();
  penstock::net::raise_descriptor_limit();
  auto simulator = penstock::sim::Simulator::start(std::move(options));
  if (!simulator) {
    std::fprintf(stderr, "penstock-sim: %s\n", simulator.error().message.c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*simulator)->url().c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  const std::string stats = (*simulator)->stats_json();
  simulator->reset();
  if (!quiet) std::fprintf(stderr, "%s\n", stats.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "penstock-sim: %s\n", exception.what());
    return 1;
  }
}
