#include "gateway/target_view.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "routing/family.h"

namespace penstock::gateway {
namespace {

using routing::BreakerGate;
using routing::BreakerState;
using State = telemetry::TargetReading::State;

double seconds(SteadyTime::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

JsonWriter& seconds_member(JsonWriter& out, std::string_view name, double value) {
  return out.raw_member(name, fmt::format("{:.3f}", value));
}

// An open breaker whose time is over lets the next request probe.
BreakerState state_of(const BreakerGate::View& breaker, SteadyTime now) {
  const bool probes = breaker.state == BreakerState::kOpen && breaker.may_probe(now);
  return probes ? BreakerState::kHalfOpen : breaker.state;
}

std::string_view name_of(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half_open";
  }
  return "closed";
}

State reading_of(const routing::Target& target, routing::Family family, SteadyTime now) {
  if (target.is_cooling(now)) return State::kCooling;
  switch (state_of(target.breaker(family), now)) {
    case BreakerState::kClosed:
      return State::kUsable;
    case BreakerState::kOpen:
      return State::kOpen;
    case BreakerState::kHalfOpen:
      return State::kHalfOpen;
  }
  return State::kUsable;
}

void write_breakers(JsonWriter& out, const routing::Target& target, SteadyTime now) {
  out.begin_object();
  for (const routing::Family family : routing::kFamilies) {
    const BreakerGate::View breaker = target.breaker(family);
    const BreakerState state = state_of(breaker, now);
    out.key(routing::name_of(family)).begin_object().member("state", name_of(state));
    if (state == BreakerState::kOpen) seconds_member(out, "seconds", seconds(breaker.time - now));
    out.end_object();
  }
  out.end_object();
}

void write_routes_of(JsonWriter& out, const routing::Router& router,
                     const routing::Target& target) {
  out.begin_array();
  for (const auto& route : router.routes()) {
    for (const routing::ModelRoute::Member& member : route->members()) {
      if (member.target.get() != &target) continue;
      const config::RouteTarget& settings = *member.settings;
      out.begin_object().member("model", route->settings().model);
      out.number_member("weight", static_cast<std::int64_t>(settings.weight));
      out.number_member("priority", static_cast<std::int64_t>(settings.priority));
      if (settings.max_concurrency > 0) {
        out.number_member("max_concurrency", static_cast<std::int64_t>(settings.max_concurrency));
      }
      out.end_object();
    }
  }
  out.end_array();
}

void write_target(JsonWriter& out, const routing::Router& router, const routing::Target& target,
                  SteadyTime now) {
  out.begin_object().member("model", shown_model(target));
  out.number_member("in_flight", target.in_flight());
  if (target.is_cooling(now)) {
    seconds_member(out, "cooldown_seconds", seconds(target.cooling_until() - now));
  }
  out.key("breakers");
  write_breakers(out, target, now);
  if (const auto first_content = target.latency_seconds(now)) {
    seconds_member(out, "first_content_seconds", *first_content);
  }
  if (const auto last = target.last_failure()) {
    out.key("last_failure").begin_object().member("class", routing::name_of(last->failure));
    seconds_member(out, "seconds_ago", seconds(now - last->at)).end_object();
  }
  out.key("routes");
  write_routes_of(out, router, target);
  out.end_object();
}

}  // namespace

std::string_view shown_model(const routing::Target& target) {
  return target.model().empty() ? "*" : std::string_view(target.model());
}

std::vector<telemetry::TargetReading> target_readings(const routing::Router& router,
                                                      SteadyTime now) {
  std::vector<telemetry::TargetReading> readings;
  for (const auto& target : router.targets()) {
    telemetry::TargetReading& reading = readings.emplace_back();
    reading.provider = target->provider_id();
    reading.model = shown_model(*target);
    reading.in_flight = target->in_flight();
    reading.cooldown_seconds = std::max(0.0, seconds(target->cooling_until() - now));
    reading.first_content_seconds = target->latency_seconds(now);
    for (const routing::Family family : routing::kFamilies) {
      reading.families.push_back({routing::name_of(family), reading_of(*target, family, now)});
    }
  }
  return readings;
}

void write_targets(JsonWriter& out, const routing::Router& router, std::string_view provider_id,
                   SteadyTime now) {
  out.begin_array();
  for (const auto& target : router.targets()) {
    if (target->provider_id() == provider_id) write_target(out, router, *target, now);
  }
  out.end_array();
}

bool has_targets(const routing::Router& router, std::string_view provider_id) {
  return std::ranges::any_of(router.targets(), [provider_id](const auto& target) {
    return target->provider_id() == provider_id;
  });
}

bool has_usable_target(const routing::Router& router, std::string_view provider_id,
                       SteadyTime now) {
  const auto takes_requests = [now](const routing::Target& target) {
    return std::ranges::any_of(routing::kFamilies, [&](routing::Family family) {
      const State state = reading_of(target, family, now);
      return state == State::kUsable || state == State::kHalfOpen;
    });
  };
  return std::ranges::any_of(router.targets(), [&](const auto& target) {
    return target->provider_id() == provider_id && takes_requests(*target);
  });
}

}  // namespace penstock::gateway
