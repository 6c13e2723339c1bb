// penstock-load: loads an OpenAI-compatible service and measures it (docs/benchmarks.md).

#include <csignal>
#include <cstdio>
#include <exception>

#include <sys/prctl.h>

#include <CLI/CLI.hpp>

#include "net/descriptor_limit.h"
#include "options.h"
#include "results.h"
#include "run.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app("Generates load for an OpenAI-compatible service and measures it.", "penstock-load");
  penstock::load::Options options;
  penstock::load::add_options(app, options);
  try {
    app.parse(argc, argv);
    penstock::load::check_options(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  std::signal(SIGPIPE, SIG_IGN);
  penstock::net::raise_descriptor_limit();
  // Timers fire up to 50 µs late by default, which the open loop would count as latency.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  const penstock::load::Results results = penstock::load::run(options);
  std::printf("%s\n", penstock::load::to_json(options, results).c_str());
  return results.faults() == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "penstock-load: %s\n", exception.what());
    return 1;
  }
}
