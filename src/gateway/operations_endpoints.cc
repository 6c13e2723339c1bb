#include "gateway/operations_endpoints.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/answer_writer.h"
#include "gateway/exchange.h"
#include "gateway/start_page.h"
#include "net/next_turn.h"
#include "telemetry/metrics_page.h"

namespace penstock::gateway {
namespace {

// In the reference's words.
Task<Status> serve_health(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  co_return co_await exchange.responder().respond(200, kJsonType, R"({"status":"OK"})");
}

Task<Status> serve_liveness(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  co_return co_await exchange.responder().respond(200, kJsonType, R"({"status":"ok"})");
}

Task<Status> serve_readiness(const OperationsServices& services, Exchange& exchange,
                             const RouteMatch&) {
  if (services.readiness.draining) {
    co_return co_await exchange.responder().respond(503, kJsonType, R"({"status":"draining"})");
  }
  if (!services.readiness.upstreams_asked.load(std::memory_order_acquire)) {
    co_return co_await exchange.responder().respond(503, kJsonType, R"({"status":"starting"})");
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
  const std::string scheme = exchange.server().tls_certfile.empty() ? "http://" : "https://";
  return scheme + std::string(fields.find(http::FieldName::kHost).value_or("localhost"));
}

// For whoever looks whether there is a server: people.
Task<Status> serve_start_page(const OperationsServices&, Exchange& exchange, const RouteMatch&) {
  const std::string_view accept =
      exchange.client().request().fields.find(http::FieldName::kAccept).value_or("");
  const StartPage page{.form = start_page_form(accept),
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

constexpr std::array<RouteRow<OperationsServices>, 8> kOperationsRoutes = {{
    {{"GET", "/", Access::kPublic}, serve_start_page},
    {{"GET", "/api/hello", Access::kPublic}, serve_greeting},
    {{"GET", "/v1alpha/admin/health", Access::kPublic}, serve_health},
    {{"GET", "/v1/health", Access::kPublic}, serve_health},
    {{"GET", "/health", Access::kPublic}, serve_health},
    {{"GET", "/healthz", Access::kPublic}, serve_liveness},
    {{"GET", "/readyz", Access::kPublic}, serve_readiness},
    {{"GET", "/metrics", Access::kPublic}, serve_metrics},
}};

}  // namespace

std::span<const RouteRow<OperationsServices>> operations_routes() {
  return kOperationsRoutes;
}

}  // namespace penstock::gateway
