#include "results.h"

#include <nlohmann/json.hpp>

namespace penstock::load {
namespace {

using Json = nlohmann::ordered_json;

// The range in which Nagle's algorithm and a delayed acknowledgement delay each other.
constexpr std::uint64_t kStallFromNs = 35'000'000;
constexpr std::uint64_t kStallToNs = 50'000'000;

double microseconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e3;
}

Json summary(const Histogram& histogram) {
  Json out;
  out["count"] = histogram.count();
  out["mean"] = histogram.mean() / 1e3;
  out["min"] = microseconds(histogram.smallest());
  out["p50"] = microseconds(histogram.quantile(0.5));
  out["p90"] = microseconds(histogram.quantile(0.9));
  out["p99"] = microseconds(histogram.quantile(0.99));
  out["p999"] = microseconds(histogram.quantile(0.999));
  out["max"] = microseconds(histogram.largest());
  out["stalls"] = histogram.count_between(kStallFromNs, kStallToNs);
  return out;
}

double per_second(std::uint64_t count, std::chrono::nanoseconds window) {
  return window.count() == 0
             ? 0
             : static_cast<double>(count) * 1e9 / static_cast<double>(window.count());
}

Json by_name(const Results& results) {
  Json out = Json::object();
  for (const auto& [name, tally] : results.by) {
    out[name] = {{"answered", tally.answered},
                 {"failed", tally.failed},
                 {"broken_streams", tally.broken_streams}};
  }
  return out;
}

const char* mode_of(const Options& options) {
  if (options.hold) return "hold";
  return options.rate > 0 ? "open" : "closed";
}

}  // namespace

void Results::count(Fault fault, const std::string& what) {
  switch (fault) {
    case Fault::kNone:
    case Fault::kStopped:
      return;
    case Fault::kBrokenStream:
      ++broken_streams;
      return;
    case Fault::kConnect:
      ++connect_faults;
      break;
    case Fault::kBroken:
      ++broken_faults;
      break;
    case Fault::kTimeout:
      ++timeout_faults;
      break;
    case Fault::kStatus:
      ++status_faults;
      break;
    case Fault::kContent:
      ++content_faults;
      break;
  }
  if (first_fault.empty()) first_fault = what;
}

std::string to_json(const Options& options, const Results& results) {
  Json out;
  out["mode"] = mode_of(options);
  out["stream"] = options.stream;
  out["connections"] = options.connections;
  out["rate"] = options.rate;
  out["window_seconds"] = static_cast<double>(results.window.count()) / 1e9;
  out["requests"] = results.requests;
  out["requests_per_second"] = per_second(results.requests, results.window);
  out["events"] = results.events;
  out["events_per_second"] = per_second(results.events, results.window);
  out["reads"] = results.reads;
  out["body_bytes"] = results.body_bytes;
  out["processor_time_ns"] = results.processor_time.count();
  out["latency_us"] = summary(results.latency_ns);
  out["first_event_us"] = summary(results.first_event_ns);
  out["transit_us"] = summary(results.transit_ns);
  out["connections_made"] = results.connections_made;
  out["open_streams"] = results.open_streams;
  out["faults"] = {{"connect", results.connect_faults},
                   {"broken", results.broken_faults},
                   {"timeout", results.timeout_faults},
                   {"status", results.status_faults},
                   {"content", results.content_faults}};
  out["first_fault"] = results.first_fault;
  if (options.allow_broken_streams) out["broken_streams"] = results.broken_streams;
  if (!options.count_by.empty()) out["by"] = by_name(results);
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock::load
