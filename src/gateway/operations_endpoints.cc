#include "gateway/operations_endpoints.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_writer.h"
#include "gateway/answer_writer.h"
#include "gateway/exchange.h"
#include "gateway/start_page.h"
#include "gateway/target_view.h"
#include "net/next_turn.h"
#include "telemetry/metrics_page.h"

namespace penstock::gateway {
namespace {

// In the reference's words.
Task<Status> serve_health(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  co_return co_await exchange.responder().respond(200, kJsonType, R"({"status":"OK"})");
}

// Whether this thread answers.
Task<Status> serve_pulse(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  co_return co_await exchange.responder().respond(200, kJsonType, R"({"status":"ok"})");
}

// Whether all threads turn. A thread that hangs owes the answer to a question of an earlier
// request.
Task<Status> serve_liveness(const OperationsServices& services, Exchange& exchange,
                            const RouteMatch&) {
  constexpr std::chrono::seconds kPatience{5};
  const SteadyTime now = exchange.loop().now();
  const std::size_t hung = services.pulse.late(now, kPatience);
  services.pulse.ask(now);
  std::string body;
  JsonWriter out(body);
  out.begin_object().member("status", hung == 0 ? "ok" : "hung");
  if (hung > 0) out.number_member("threads", static_cast<std::int64_t>(hung));
  out.end_object();
  co_return co_await exchange.responder().respond(hung == 0 ? 200 : 503, kJsonType, body);
}

bool answers(const OperationsServices& services, const config::Provider& provider, SteadyTime now) {
  const std::size_t index =
      static_cast<std::size_t>(&provider - services.upstreams.settings.data());
  if (services.registry.health(index).state != models::ProviderHealth::State::kOk) return false;
  if (services.upstreams.chooser == nullptr) return true;
  return !has_targets(services.upstreams.chooser->router(), provider.id) ||
         has_usable_target(services.upstreams.chooser->router(), provider.id, now);
}

// Of server.ready_requires, those that do not answer.
std::vector<std::string_view> missing_providers(const OperationsServices& services,
                                                SteadyTime now) {
  std::vector<std::string_view> missing;
  for (const std::string& id : services.server.ready_requires) {
    const auto provider = std::ranges::find(services.upstreams.settings, id, &config::Provider::id);
    if (!answers(services, *provider, now)) missing.push_back(id);
  }
  return missing;
}

std::string unready_body(const std::vector<std::string_view>& missing) {
  std::string body;
  JsonWriter out(body);
  out.begin_object().member("status", "waiting").key("providers").begin_array();
  for (const std::string_view id : missing) out.text(id);
  out.end_array().end_object();
  return body;
}

Task<Status> serve_readiness(const OperationsServices& services, Exchange& exchange,
                             const RouteMatch&) {
  if (services.readiness.stage != Readiness::Stage::kServing) {
    co_return co_await exchange.responder().respond(503, kJsonType, R"({"status":"draining"})");
  }
  if (!services.readiness.upstreams_asked.load(std::memory_order_acquire)) {
    co_return co_await exchange.responder().respond(503, kJsonType, R"({"status":"starting"})");
  }
  const std::vector<std::string_view> missing = missing_providers(services, exchange.loop().now());
  if (!missing.empty()) {
    const std::string body = unready_body(missing);
    co_return co_await exchange.responder().respond(503, kJsonType, body);
  }
  co_return co_await exchange.responder().respond(200, kJsonType, R"({"status":"ready"})");
}

// The page as it is made, so that a client that does not read holds a slice of it only.
Task<Status> write_page(Exchange& exchange, telemetry::MetricsPage& page, AnswerWriter& writer) {
  using Last = AnswerWriter::Last;
  if (!exchange.client().wants_body()) co_return co_await writer.write({}, Last::kYes);
  for (;;) {
    std::string& slice = page.next();
    exchange.secrets().mask(slice);
    Status written = co_await writer.write(slice, page.at_end() ? Last::kYes : Last::kNo);
    // After the last slice nothing is waited for: whoever asks next finds this request ended.
    if (!written || page.at_end()) co_return written;
    co_await net::next_turn(exchange.loop());
  }
}

Task<Status> serve_metrics(const OperationsServices& services, Exchange& exchange,
                           const RouteMatch&) {
  services.metrics.set_access_log_dropped(services.access_log.dropped_lines());
  telemetry::MetricsPage page(services.metrics);
  AnswerWriter writer(exchange, 200, Responder::Body::kOther, http::FieldBlock(exchange.scratch()));
  writer.fields().add("Content-Type", telemetry::Metrics::kContentType);
  writer.use_stream();
  Status written = co_await write_page(exchange, page, writer);
  if (written) exchange.responder().completed();
  co_return written;
}

// As the client knows it: behind a proxy the scheme may be another one.
std::string address_of(const Exchange& exchange) {
  const http::Fields& fields = exchange.client().request().fields;
  const std::string scheme = exchange.uses_tls() ? "https://" : "http://";
  return scheme + std::string(fields.find(http::FieldName::kHost).value_or("localhost"));
}

// For whoever looks whether there is a server: people.
Task<Status> serve_start_page(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  const std::string_view accept =
      exchange.client().request().fields.find(http::FieldName::kAccept).value_or("");
  const bool is_admin = exchange.listener() == ListenerKind::kAdmin;
  const StartPage page{.form = start_page_form(accept),
                       .audience = is_admin ? Audience::kOperators : Audience::kClients,
                       .address = address_of(exchange),
                       .has_keys = !exchange.server().api_keys.empty()};
  http::FieldBlock fields(exchange.scratch());
  fields.add("Vary", "Accept");
  fields.add("X-Content-Type-Options", "nosniff");
  if (page.form == StartPage::Form::kHtml) fields.add("Content-Security-Policy", kStartPagePolicy);
  const std::string body = page.body();
  co_return co_await exchange.responder().respond(200, page.type(), body, std::move(fields));
}

// The same for programs: agents before their first request.
Task<Status> serve_greeting(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  const std::string body = StartPage{.form = StartPage::Form::kJson, .address = {}}.body();
  co_return co_await exchange.responder().respond(200, kJsonType, body);
}

constexpr RouteRow<OperationsServices> open_to(Audience audience, std::string_view path,
                                               Task<Status> (*serve)(const OperationsServices&,
                                                                     Exchange&,
                                                                     const RouteMatch&)) {
  return {{.method = "GET", .path = path, .access = Access::kPublic, .audience = audience}, serve};
}

constexpr std::array kOperationsRoutes = {
    open_to(Audience::kEverybody, "/", serve_start_page),
    open_to(Audience::kEverybody, "/api/hello", serve_greeting),
    open_to(Audience::kEverybody, "/v1alpha/admin/health", serve_health),
    open_to(Audience::kEverybody, "/v1/health", serve_health),
    open_to(Audience::kEverybody, "/health", serve_health),
    open_to(Audience::kEverybody, "/healthz", serve_pulse),
    open_to(Audience::kEverybody, "/livez", serve_liveness),
    open_to(Audience::kEverybody, "/readyz", serve_readiness),
    open_to(Audience::kOperators, "/metrics", serve_metrics),
};

}  // namespace

std::span<const RouteRow<OperationsServices>> operations_routes() {
  return kOperationsRoutes;
}

}  // namespace penstock::gateway
