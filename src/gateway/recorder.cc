#include "gateway/recorder.h"

#include <string>

#include "gateway/target_outcome.h"

namespace penstock::gateway {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

telemetry::RouteId route_id(const Endpoint& endpoint) {
  return telemetry::RouteId{static_cast<std::uint16_t>(endpoint.index)};
}

// A model is one series of the metrics, whichever of its names is used.
telemetry::ModelLabel model_label(const ExchangeFacts& facts) {
  if (facts.model.empty()) return telemetry::ModelLabel::none();
  if (!facts.listed_model.empty()) return telemetry::ModelLabel::known(facts.listed_model.view());
  return facts.model_is_known ? telemetry::ModelLabel::known(facts.model.view())
                              : telemetry::ModelLabel::other();
}

telemetry::TokenCounts counts_of(const wire::Usage& usage) {
  return {.prompt = usage.prompt_tokens.value_or(0),
          .completion = usage.completion_tokens.value_or(0),
          .cached = usage.cached_tokens.value_or(0),
          .cache_write = usage.cache_write_tokens.value_or(0),
          .reasoning = usage.reasoning_tokens.value_or(0)};
}

}  // namespace

telemetry::ServedLabels served_labels(const config::Settings& settings) {
  telemetry::ServedLabels labels;
  for (const config::Provider& provider : settings.providers) {
    labels.providers.push_back(provider.id);
  }
  for (const config::ModelRoute& route : settings.routing.routes) {
    labels.model_routes.push_back(route.model);
  }
  return labels;
}

void Recorder::ended(const ExchangeFacts& facts, const ClientFacts& client) {
  const auto duration = duration_cast<microseconds>(loop_.read_clock() - facts.started);
  count(facts, duration);
  if (!access_log_.is_on()) return;
  if (facts.is_routed) log_targets(facts);
  log(facts, client, duration);
}

void Recorder::count(const ExchangeFacts& facts, microseconds duration) {
  telemetry::ProviderSeries& provider = series_.of(facts.provider);
  const telemetry::RequestSeries series =
      shard_.resolve(route_id(*facts.endpoint), provider, model_label(facts));
  shard_.request_closed(series, facts.status, duration);
  if (facts.first_byte) shard_.first_byte(series, *facts.first_byte);
  if (facts.is_stream) shard_.stream_closed(facts.ending);
  if (facts.usage) provider.used(counts_of(*facts.usage));
  count_attempts(facts.attempts);
  if (facts.is_routed) count_routing(facts);
}

void Recorder::count_attempts(const Attempts<AttemptFacts>& attempts) {
  for (std::size_t i = 0; i < attempts.count(); ++i) {
    const AttemptFacts& attempt = attempts[i];
    telemetry::ProviderSeries& provider = *series_.providers[attempt.provider];
    if (attempt.reason == AttemptFacts::Reason::kRetry) provider.retried();
    if (attempt.connect && attempt.reused_connection) provider.connection_reused();
    if (attempt.connect && !attempt.reused_connection) provider.connection_opened();
    if (attempt.error) provider.failed(*attempt.error);
  }
}

void Recorder::count_routing(const ExchangeFacts& facts) {
  for (std::size_t i = 0; i < facts.targets_asked.count(); ++i) {
    const TargetAttemptFacts& attempt = facts.targets_asked[i];
    telemetry::ProviderSeries& provider = *series_.providers[attempt.provider];
    provider.target_asked(outcome_of(attempt));
    if (attempt.is_hedge) shard_.hedged(hedge_result_of(attempt));
    if (attempt.lost_usage) provider.used(counts_of(*attempt.lost_usage));
  }
  if (facts.is_fallback) series_.fallbacks[facts.model_route]->add();
}

// A single attempt that succeeded has everything in the request's own line.
void Recorder::log_targets(const ExchangeFacts& facts) {
  const TargetAttempts& attempts = facts.targets_asked;
  if (attempts.count() == 0 || (attempts.count() == 1 && !attempts[0].failure)) return;
  for (std::size_t i = 0; i < attempts.count(); ++i) {
    const TargetAttemptFacts& attempt = attempts[i];
    const std::string target =
        target_text(attempt.provider, attempt.model.empty() ? facts.model.view() : attempt.model);
    telemetry::AttemptRecord line;
    line.time = loop_.wall() - duration_cast<microseconds>(loop_.read_clock() - attempt.began);
    line.request_id = facts.request_id.view();
    line.attempt = static_cast<std::uint32_t>(i + 1);
    line.target = target;
    line.outcome = outcome_name(attempt);
    line.status = attempt.status;
    line.duration = attempt.duration;
    line.wait = attempt.wait;
    if (attempt.lost_usage) {
      line.prompt_tokens = attempt.lost_usage->prompt_tokens;
      line.completion_tokens = attempt.lost_usage->completion_tokens;
    }
    access_log_shard_.write(line);
  }
}

std::string Recorder::target_text(std::size_t provider, std::string_view model) const {
  std::string text = settings_.providers[provider].id;
  return text.append("/").append(model);
}

void Recorder::log(const ExchangeFacts& facts, const ClientFacts& client, microseconds duration) {
  const std::string peer = client.peer.host_text();
  telemetry::AccessRecord line;
  line.time = loop_.wall() - duration;
  line.request_id = facts.request_id.view();
  if (facts.principal != nullptr) line.principal = facts.principal->name;
  line.method = facts.method.view();
  line.route = facts.endpoint->label;
  line.path = facts.path.view();
  line.model = facts.model.view();
  if (facts.provider) line.provider = settings_.providers[*facts.provider].id;
  line.upstream_model = facts.upstream_model.view();
  line.target = facts.target.view();
  line.fallback = facts.is_fallback;
  line.peer = peer;
  line.user_agent = facts.user_agent.view();
  line.status = facts.status;
  line.ending = facts.ending;
  line.error = facts.error;
  line.stream = facts.is_stream;
  line.attempts = static_cast<std::uint32_t>(facts.attempts.count());
  if (line.attempts > 0) {
    const AttemptFacts& last = facts.attempts[line.attempts - 1];
    line.upstream_status = last.status;
    line.reused_connection = last.reused_connection;
    line.connect = last.connect;
  }
  line.bytes_in = client.body_bytes_received;
  line.bytes_out = client.body_bytes_sent;
  line.duration = duration;
  line.first_byte = facts.first_byte;
  if (facts.usage) {
    line.prompt_tokens = facts.usage->prompt_tokens;
    line.completion_tokens = facts.usage->completion_tokens;
    line.total_tokens = facts.usage->total_tokens;
    line.cached_tokens = facts.usage->cached_tokens;
    line.cache_write_tokens = facts.usage->cache_write_tokens;
    line.reasoning_tokens = facts.usage->reasoning_tokens;
  }
  access_log_shard_.write(line);
}

}  // namespace penstock::gateway
