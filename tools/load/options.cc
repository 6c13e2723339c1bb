#include "options.h"

#include <map>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "http/parser.h"

namespace penstock::load {
namespace {

constexpr const char* kExamples = R"(Examples:
  penstock-load --port 8321 --connections 16 --duration 10
  penstock-load --port 8321 --connections 64 --rate 4000 --stream
  penstock-load --port 8321 --connections 1000 --stream --hold --sim '{"tokens_per_second": 0.1}'

Without --rate, each connection sends its next request when it has the answer to the last one
(closed loop). With --rate, requests are due at fixed times whether or not earlier ones were
answered, and a latency counts from the time at which its request was due (open loop).

One JSON object on standard output; the exit status is 0 where every answer passed its checks.)";

void add_seconds(CLI::App& app, const std::string& name, Seconds& target, const std::string& help) {
  app.add_option_function<double>(
         name, [&target](double seconds) { target = Seconds(seconds); }, help)
      ->check(CLI::Range(0.0, 86'400.0))
      ->type_name("SECONDS");
}

std::string fault_of_header(const std::string& header) {
  const std::size_t colon = header.find(": ");
  if (colon == std::string::npos) return "write a header as `Name: value`";
  if (!http::is_token(header.substr(0, colon))) return "this is not a valid header name";
  if (!http::is_field_value(header.substr(colon + 2))) return "this is not a valid header value";
  return {};
}

std::string fault_of_object(const std::string& text) {
  const bool is_object = nlohmann::json::parse(text, nullptr, false).is_object();
  return is_object ? std::string{} : std::string("expected a JSON object");
}

std::string fault_of_path(const std::string& path) {
  const bool is_sound =
      path.starts_with('/') && http::is_field_value(path) && path.find(' ') == std::string::npos;
  return is_sound ? std::string{} : std::string("expected a path");
}

std::string fault_of_key(const std::string& key) {
  return http::is_field_value(key) ? std::string{} : std::string("not a valid header value");
}

void add_request_options(CLI::App& app, Options& options) {
  app.add_option("--host", options.host, "Server's address or name")->capture_default_str();
  app.add_option("--port", options.port, "Server's port")->capture_default_str();
  app.add_option("--path", options.path, "Path of the request")
      ->check(fault_of_path)
      ->capture_default_str();
  app.add_option("--model", options.model, "Model to request")->capture_default_str();
  app.add_option("--key", options.key, "Send `Authorization: Bearer KEY`")->check(fault_of_key);
  app.add_option("--header", options.headers, "Send this header; may be repeated")
      ->type_name("NAME: VALUE")
      ->check(fault_of_header)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--prompt-bytes", options.prompt_bytes, "Length of the prompt")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 30))
      ->capture_default_str();
  app.add_flag("--stream", options.stream, "Ask for streamed answers");
  app.add_option("--sim", options.sim, "Overrides for penstock-sim, sent with each request")
      ->type_name("JSON")
      ->check(fault_of_object);
}

void add_load_options(CLI::App& app, Options& options) {
  app.add_option("--connections", options.connections, "Connections at once")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "Requests a second in all; 0: closed loop")
      ->check(CLI::Range(0.0, 1e7))
      ->capture_default_str();
  add_seconds(app, "--warmup", options.warmup, "Time before anything is counted [1]");
  add_seconds(app, "--duration", options.duration, "Time that is counted [5]");
  add_seconds(app, "--ramp", options.ramp,
              "Time in which the connections begin [half of the warm-up]");
  add_seconds(app, "--timeout", options.timeout, "Longest wait for an answer [30]");
  app.add_flag("--hold", options.hold, "Open one stream a connection and hold it: no end expected");
}

}  // namespace

void add_options(CLI::App& app, Options& options) {
  app.footer(kExamples);
  add_request_options(app, options);
  add_load_options(app, options);
  const std::map<std::string, Check> checks{{"exact", Check::kExact}, {"shape", Check::kShape}};
  app.add_option("--check", options.check,
                 "exact: each answer equals the first one, stamps aside; shape: it is whole JSON")
      ->transform(CLI::CheckedTransformer(checks))
      ->type_name("exact|shape");
  app.add_option("--events", options.events, "Events that each stream must have; 0: any number");
  app.add_option("--count-by", options.count_by, "Count answers by the value of this header field")
      ->type_name("NAME");
  app.add_flag("--live", options.live, "Each second a line of counts on standard error");
  app.add_flag("--log-faults", options.log_faults,
               "A line on standard error for each request that fails");
  app.add_flag("--allow-broken-streams", options.allow_broken_streams,
               "Count streams apart that have had content, then end with an error event and a cut");
  app.add_option("--watch", options.watch, "Processes whose processor time is measured")
      ->type_name("PID")
      ->delimiter(',');
}

void check_options(const Options& options) {
  if (options.hold && !options.stream) {
    throw CLI::ValidationError("--hold", "only streams can be held: add --stream");
  }
  if (options.hold && options.rate > 0) {
    throw CLI::ValidationError("--rate", "streams that are held have no rate");
  }
  if (options.duration.count() <= 0) {
    throw CLI::ValidationError("--duration", "nothing would be counted");
  }
  if (options.timeout.count() <= 0) {
    throw CLI::ValidationError("--timeout", "every request would fail");
  }
}

}  // namespace penstock::load
