#include "sim/options.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "sim/embeddings.h"
#include "sim/scenario.h"

namespace penstock::sim {
namespace {

constexpr const char* kExamples = R"(Examples:
  penstock-sim
  penstock-sim --port 0 --first-token-ms 200 --tokens-per-second 50 --tokens 120
  penstock-sim --models sim-small,team/chat:8b,vectors=embedding --api-key secret
  penstock-sim --sim '{"piece_bytes_max": 7, "line_end": "crlf"}'

A request can override the behaviour by a top-level object `sim` in its body:
  curl -N http://127.0.0.1:9321/v1/chat/completions -H 'Content-Type: application/json' \
    -d '{"model": "sim-small", "stream": true, "sim": {"cut_after_events": 3, "cut": "reset"},
         "messages": [{"role": "user", "content": "Hello"}]}'

docs/simulator.md lists every key of it.)";

// JSON for apply_overrides, so that options and keys of `sim` work alike.
void add_override(CLI::App& app, Options& options, const std::string& name, const std::string& key,
                  const std::string& type, const std::string& help) {
  const auto set = [&options, key](const std::string& value) {
    const Status applied = apply_overrides("{\"" + key + "\":" + value + "}", options.behaviour);
    if (!applied) throw CLI::ValidationError(key, applied.error().message);
  };
  app.add_option_function<std::string>(name, set, help)->type_name(type);
}

}  // namespace

void add_options(CLI::App& app, Options& options) {
  app.footer(kExamples);
  app.add_option("--host", options.host, "Address or name to listen on")->capture_default_str();
  app.add_option("--port", options.port, "Port to listen on; 0 takes a free one")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Serving threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--models", options.models, "Models to serve: ID, ID=llm or ID=embedding")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--dimensions", options.embedding_dimensions, "Dimensions of an embedding")
      ->check(CLI::Range(std::size_t{1}, Embeddings::kDimensionsMax))
      ->capture_default_str();

  add_override(app, options, "--first-token-ms", "first_token_ms", "MS",
               "Time to the first token [0]");
  add_override(app, options, "--tokens-per-second", "tokens_per_second", "RATE",
               "Tokens a second after the first; 0: as fast as possible [0]");
  add_override(app, options, "--tokens", "tokens", "N", "Length of an answer in tokens [32]");
  add_override(app, options, "--seed", "seed", "N",
               "Seed of the answers and of everything random [1]");
  const auto set_all = [&options](const std::string& object) {
    const Status applied = apply_overrides(object, options.behaviour);
    if (!applied) throw CLI::ValidationError("--sim", applied.error().message);
  };
  app.add_option_function<std::string>(
         "--sim", set_all, "Any behaviour, as the JSON object that requests may contain")
      ->type_name("JSON");
  const auto set_scenario = [&options](const std::string& path) {
    Result<std::shared_ptr<const Scenario>> scenario = Scenario::load(path);
    if (!scenario) throw CLI::ValidationError("--scenario", scenario.error().message);
    options.behaviour.scenario = std::move(*scenario);
  };
  app.add_option_function<std::string>("--scenario", set_scenario,
                                       "What the models say and which tools they call, by rules")
      ->type_name("FILE");
  app.add_option("--error-rate", options.error_rate, "Share of requests to refuse, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--error-status", options.error_status, "Status of these refusals")
      ->check(CLI::Range(400, 599))
      ->capture_default_str();

  const auto set_key = [&options](const std::string& key) { options.api_key = Secret(key); };
  app.add_option_function<std::string>("--api-key", set_key,
                                       "Demand `Authorization: Bearer KEY` on /v1/")
      ->type_name("KEY");
  const auto set_idle = [&options](std::uint64_t milliseconds) {
    options.idle_timeout = std::chrono::milliseconds(milliseconds);
  };
  app.add_option_function<std::uint64_t>(
         "--idle-timeout-ms", set_idle,
         "Close a connection that waits so long for a request; 0: never [75000]")
      ->type_name("MS");
  app.add_flag("--stamp", options.stamp,
               "Write `stamp_ns`, the monotonic clock in nanoseconds, into each event");
  app.add_flag("--quiet", options.quiet, "No summary at the end");
}

}  // namespace penstock::sim
