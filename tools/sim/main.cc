// penstock-sim: an OpenAI-compatible upstream for demos, tests and benchmarks (docs/simulator.md).

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "net/descriptor_limit.h"
#include "sim/options.h"
#include "sim/simulator.h"

namespace {

using penstock::sim::Simulator;

// The signals that end the program, blocked in every thread: main() waits for them.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void print_address(const Simulator& simulator) {
  std::printf("listening on %s", simulator.url().c_str());
  if (!simulator.name().empty()) std::printf(" as %s", simulator.name().c_str());
  std::printf("\n");
}

int run(int argc, char** argv) {
  CLI::App app("An OpenAI-compatible inference service with made-up answers.", "penstock-sim");
  penstock::sim::Program program;
  penstock::sim::add_options(app, program);
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = block_end_signals();
  penstock::net::raise_descriptor_limit();
  std::vector<std::unique_ptr<Simulator>> flock;
  for (penstock::sim::Options& options : program.upstreams()) {
    auto started = Simulator::start(std::move(options));
    if (!started) {
      std::fprintf(stderr, "penstock-sim: %s\n", started.error().message.c_str());
      return 1;
    }
    flock.push_back(std::move(*started));
  }
  for (const auto& each : flock) print_address(*each);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  for (auto& each : flock) {
    const std::string stats = each->stats_json();
    each.reset();
    if (!program.options.quiet) std::fprintf(stderr, "%s\n", stats.c_str());
  }
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
