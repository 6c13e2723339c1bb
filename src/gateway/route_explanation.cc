#include "gateway/route_explanation.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/decode_rules.h"
#include "core/json_writer.h"
#include "gateway/target_view.h"

namespace penstock::gateway {
namespace {

using routing::Standing;
using Candidate = RouteExplanation::Candidate;

struct StandingWords {
  Standing standing;
  std::string_view name;
  std::string_view reason;
};
constexpr std::array kStandings = {
    StandingWords{Standing::kUsable, "usable", "can be asked"},
    StandingWords{Standing::kOtherProvider, "other_provider", "the request names another provider"},
    StandingWords{Standing::kNotPinned, "not_pinned", "the request is bound to another target"},
    StandingWords{Standing::kDraining, "draining", "its weight is 0"},
    StandingWords{Standing::kCooling, "cooling", "cools down"},
    StandingWords{Standing::kOpen, "open", "its breaker is open"},
    StandingWords{Standing::kProbing, "probing",
                  "its breaker is half-open, and a request probes it"},
    StandingWords{Standing::kFull, "full", "serves max_concurrency requests"},
    StandingWords{Standing::kTried, "tried", "has been asked"},
    StandingWords{Standing::kOtherPriority, "other_priority", "only if all of lower priority fail"},
};

static_assert(kStandings.size() == static_cast<std::size_t>(Standing::kOtherPriority) + 1);

const StandingWords& words_of(Standing standing) {
  return *std::ranges::find(kStandings, standing, &StandingWords::standing);
}

std::string reason_of(const Candidate& candidate) {
  std::string reason(words_of(candidate.standing).reason);
  if (candidate.left) reason += fmt::format(" for {:.1f} s", candidate.left->count());
  const bool is_down =
      candidate.standing == Standing::kCooling || candidate.standing == Standing::kOpen;
  if (is_down && candidate.last_failure) {
    reason.append(", last failure: ").append(routing::name_of(*candidate.last_failure));
  }
  if (candidate.standing == Standing::kOpen && candidate.place) reason += "; nothing else is left";
  return reason;
}

Candidate candidate_of(const routing::Plan& plan, std::size_t member, SteadyTime now) {
  const routing::ModelRoute::Member& asked = plan.route().members()[member];
  const routing::MemberStanding standing = plan.standing(member, now);
  Candidate candidate;
  candidate.provider = asked.target->provider_id();
  candidate.model = shown_model(*asked.target);
  candidate.priority = asked.settings->priority;
  candidate.weight = asked.settings->weight;
  candidate.in_flight = asked.target->in_flight();
  candidate.max_concurrency = asked.settings->max_concurrency;
  candidate.standing = standing.standing;
  if (standing.until > now) candidate.left = standing.until - now;
  if (const auto last = asked.target->last_failure()) candidate.last_failure = last->failure;
  return candidate;
}

// What becomes of a request that no target serves, by the kind of the last error.
std::array<std::pair<std::string_view, const std::vector<std::string>*>, 3> kinds_of(
    const config::ModelRoute::Fallbacks& fallbacks) {
  return {{{"any", &fallbacks.any},
           {"context_window", &fallbacks.context_window},
           {"content_policy", &fallbacks.content_policy}}};
}

using Row = std::array<std::string, 6>;

Row row_of(const Candidate& candidate) {
  std::string in_flight = std::to_string(candidate.in_flight);
  if (candidate.max_concurrency > 0) {
    in_flight += "/" + std::to_string(candidate.max_concurrency);
  }
  return {candidate.place ? std::to_string(*candidate.place) : "-",
          candidate.provider + "/" + candidate.model,
          std::to_string(candidate.priority),
          std::to_string(candidate.weight),
          std::move(in_flight),
          reason_of(candidate)};
}

std::string table_of(const std::vector<Row>& rows) {
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out.append(row[i]);
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size() + 2, ' ');
    }
    out.push_back('\n');
  }
  return out;
}

void write_candidate(JsonWriter& out, const Candidate& candidate) {
  out.begin_object().member("provider", candidate.provider).member("model", candidate.model);
  if (candidate.place) out.number_member("place", static_cast<std::int64_t>(*candidate.place));
  out.member("standing", name_of(candidate.standing)).member("reason", reason_of(candidate));
  if (candidate.left) {
    out.raw_member("seconds_left", fmt::format("{:.3f}", candidate.left->count()));
  }
  out.number_member("priority", static_cast<std::int64_t>(candidate.priority));
  out.number_member("weight", static_cast<std::int64_t>(candidate.weight));
  out.number_member("in_flight", candidate.in_flight);
  if (candidate.max_concurrency > 0) {
    out.number_member("max_concurrency", static_cast<std::int64_t>(candidate.max_concurrency));
  }
  out.end_object();
}

}  // namespace

std::string_view name_of(Standing standing) {
  return words_of(standing).name;
}

RouteExplanation explain(routing::Chooser& chooser, const routing::ModelRoute& route,
                         const routing::Asked& asked, SteadyTime now) {
  const routing::Plan plan(chooser, route, asked, now, SteadyTime::max(),
                           routing::Plan::For::kQuestion);
  RouteExplanation explanation;
  explanation.route = route.settings().model;
  explanation.is_hidden = route.settings().hidden;
  explanation.balance = config::kBalances[static_cast<std::size_t>(route.rules().balance)];
  explanation.affinity_key = asked.affinity_key;
  SeededRandom random(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  const std::vector<std::size_t> order = plan.order(now, random);
  for (const std::size_t member : order) {
    Candidate candidate = candidate_of(plan, member, now);
    candidate.place = explanation.candidates.size() + 1;
    explanation.candidates.push_back(std::move(candidate));
  }
  for (std::size_t member = 0; member < route.members().size(); ++member) {
    if (std::ranges::find(order, member) != order.end()) continue;
    explanation.candidates.push_back(candidate_of(plan, member, now));
  }
  explanation.fallbacks = route.settings().fallbacks;
  return explanation;
}

std::string RouteExplanation::json() const {
  std::string body;
  JsonWriter out(body);
  out.begin_object().member("model", model).member("path", asked_for);
  if (route.empty()) {
    out.member("provider", provider).member("upstream_model", upstream_model).end_object();
    return body;
  }
  out.member("route", route).raw_member("hidden", is_hidden ? "true" : "false");
  out.member("balance", balance);
  if (affinity_key) out.member("affinity_key", fmt::format("{:016x}", *affinity_key));
  out.key("candidates").begin_array();
  for (const Candidate& candidate : candidates) write_candidate(out, candidate);
  out.end_array().key("fallbacks").begin_object();
  for (const auto& [kind, models] : kinds_of(fallbacks)) {
    out.key(kind).begin_array();
    for (const std::string& name : *models) out.text(name);
    out.end_array();
  }
  out.end_object().end_object();
  return body;
}

std::string RouteExplanation::text() const {
  if (route.empty()) {
    return model + ": no route; provider " + provider + " serves it as " + upstream_model + "\n";
  }
  std::string out = model + ": route " + route + (is_hidden ? " (hidden)" : "") + ", balance " +
                    balance + ", affinity " +
                    (affinity_key ? fmt::format("{:016x}", *affinity_key) : "none") + "\n\n";
  std::vector<Row> rows = {{"ORDER", "TARGET", "PRIORITY", "WEIGHT", "IN FLIGHT", "STATE"}};
  for (const Candidate& candidate : candidates) rows.push_back(row_of(candidate));
  out += table_of(rows);
  for (const auto& [kind, models] : kinds_of(fallbacks)) {
    if (models->empty()) continue;
    out.append("\nfallbacks.").append(kind).append(":");
    for (const std::string& name : *models) out.append(" ").append(name);
    out.push_back('\n');
  }
  return out;
}

}  // namespace penstock::gateway
