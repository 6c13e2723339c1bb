#pragma once

// What the command line sets.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/secret.h"
#include "sim/behaviour.h"

namespace CLI {
class App;
}

namespace penstock::sim {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9321;  // 0: any free port
  std::size_t threads = 1;
  std::vector<std::string> models = {"sim-small", "sim-large", "sim-embed=embedding"};
  std::size_t embedding_dimensions = 384;
  Behaviour behaviour;    // of requests that do not say otherwise
  double error_rate = 0;  // the share of inference requests that are refused, 0 to 1
  int error_status = 500;
  Secret api_key;      // empty: everybody is served
  bool stamp = false;  // see EventWriter::Options
  bool quiet = false;
  std::chrono::milliseconds idle_timeout{75'000};  // of a connection between two requests
};

// Adds the options, their help and the examples to `app`; parsing writes into `options`, which
// outlives it. Unsuitable values end the parsing with a CLI::ParseError.
void add_options(CLI::App& app, Options& options);

}  // namespace penstock::sim
