#pragma once

// What the command line of penstock-load sets.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace CLI {
class App;
}

namespace penstock::load {

using Seconds = std::chrono::duration<double>;

// How much of an answer is checked (answer_check.h).
enum class Check : std::uint8_t {
  kExact,  // each answer equals the first one, time stamps aside
  kShape,  // each answer is complete and made of JSON objects
};

struct Options {
  // The request.
  std::string host = "127.0.0.1";
  std::uint16_t port = 8321;
  std::string path = "/v1/chat/completions";
  std::string model = "sim-small";
  std::string key;                   // sent as `Authorization: Bearer KEY`, unless empty
  std::vector<std::string> headers;  // "Name: value"
  std::size_t prompt_bytes = 100;
  bool stream = false;
  std::string sim;  // the simulator's overrides, a JSON object; empty: none are sent

  // The load.
  std::size_t connections = 1;
  double rate = 0;  // requests a second, all connections together; 0: closed loop
  Seconds warmup{1};
  Seconds duration{5};
  Seconds ramp{-1};  // the time in which the connections begin; negative: half of the warm-up
  Seconds timeout{30};
  bool hold = false;  // open a stream on each connection and keep it

  // What is checked.
  Check check = Check::kExact;
  std::uint64_t events = 0;  // of each stream, including the closing [DONE]; 0: any number
  std::vector<pid_t> watch;  // processes whose processor time is measured

  // What is told of single answers.
  std::string count_by;               // a header field of answers; empty: they are not told apart
  bool live = false;                  // a line of counts each second
  bool log_faults = false;            // a line for each failed request
  bool allow_broken_streams = false;  // that break after their first content, and say so

  Seconds ramp_or_default() const { return ramp.count() >= 0 ? ramp : warmup / 2; }
};

// Adds the options and their help to `app`; parsing writes into `options`, which outlives it.
// Unsuitable values end the parsing with a CLI::ParseError.
void add_options(CLI::App& app, Options& options);

// Throws CLI::ValidationError if values that are valid alone do not fit together. After parsing.
void check_options(const Options& options);

}  // namespace penstock::load
