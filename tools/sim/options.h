#pragma once

// What the command line sets.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.h"
#include "sim/behaviour.h"
#include "sim/timeline.h"

namespace CLI {
class App;
}

namespace penstock::sim {

struct Options {
  std::string name;  // of this upstream among several; each answer tells it. Empty: none
  std::string host = "127.0.0.1";
  std::uint16_t port = 9321;  // 0: any free port
  std::size_t threads = 1;
  std::vector<std::string> models = {"sim-small", "sim-large", "sim-embed=embedding"};
  std::size_t embedding_dimensions = 384;
  Behaviour behaviour;    // of requests that do not say otherwise
  Timeline timeline;      // how that changes with time
  double error_rate = 0;  // the share of inference requests that are refused, 0 to 1
  int error_status = 500;
  Secret api_key;      // empty: everybody is served
  bool stamp = false;  // see EventWriter::Options
  bool quiet = false;
  std::chrono::milliseconds idle_timeout{75'000};  // of a connection between two requests
};

// One upstream of a flock, as its file describes it.
struct Member {
  std::string name;
  std::optional<std::uint16_t> port;
  Timeline timeline;
};

// A flock file: for each upstream a line `upstream NAME [port N]`, and below it its timeline. Fails
// with kInvalidRequest, and says which line is wrong and why.
Result<std::vector<Member>> read_flock(std::string_view text);

// What the command line says: one upstream, or several that share the other options.
struct Program {
  Options options;
  std::vector<Member> flock;

  // The options of each upstream, at least one.
  std::vector<Options> upstreams() const;
};

// Adds the options, their help and the examples to `app`; parsing writes into `program`, which
// outlives it. Unsuitable values end the parsing with a CLI::ParseError.
void add_options(CLI::App& app, Program& program);

}  // namespace penstock::sim
