#include "gateway/endpoints.h"

#include <utility>

#include "gateway/answer_writer.h"
#include "gateway/inspect_endpoints.h"
#include "gateway/model_endpoints.h"
#include "http/serializer.h"
#include "net/next_turn.h"
#include "telemetry/metrics_page.h"

namespace penstock::gateway {
namespace {

Task<void> serve_readiness(Exchange& exchange) {
  const Context& context = exchange.context();
  if (context.draining) {
    co_return co_await exchange.respond(503, kJsonType, R"({"status":"draining"})");
  }
  if (!context.ready.load(std::memory_order_acquire)) {
    co_return co_await exchange.respond(503, kJsonType, R"({"status":"starting"})");
  }
  co_await exchange.respond(200, kJsonType, R"({"status":"ready"})");
}

// The page as it is made, so that a client that does not read holds a slice of it only.
Task<Status> write_page(Exchange& exchange, telemetry::MetricsPage& page, AnswerWriter& writer) {
  const Context& context = exchange.context();
  using Last = AnswerWriter::Last;
  if (exchange.connection().request().method == "HEAD") {
    co_return co_await writer.write({}, Last::kNo);
  }
  for (;;) {
    std::string& slice = page.next();
    context.secrets.mask(slice);
    Status written = co_await writer.write(slice, page.at_end() ? Last::kYes : Last::kNo);
    // After the last slice nothing is waited for: whoever asks next finds this request ended.
    if (!written || page.at_end()) co_return written;
    co_await net::next_turn(context.loop);
  }
}

Task<void> serve_metrics(Exchange& exchange) {
  Context& context = exchange.context();
  context.metrics.set_access_log_dropped(context.access_log.dropped_lines());
  telemetry::MetricsPage page(context.metrics);
  AnswerWriter writer(exchange, 200, Exchange::Body::kOther);
  http::append_date(writer.head(), context.loop.wall());
  http::append_field(writer.head(), "Content-Type", telemetry::Metrics::kContentType);
  writer.use_stream();
  Status written = co_await write_page(exchange, page, writer);
  if (written) co_return exchange.completed();
  writer.cut();
  co_await exchange.fail(std::move(written.error()));
}

}  // namespace

Task<void> serve_endpoint(Exchange& exchange, Route route, const std::string& id,
                          std::string_view query) {
  const std::string_view method = exchange.connection().request().method;
  const bool is_get = method == "GET" || method == "HEAD";
  switch (route) {
    case Route::kModels:
      if (is_get) co_return co_await list_models(exchange);
      co_return co_await register_model(exchange);
    case Route::kModel:
      if (is_get) co_return co_await show_model(exchange, id);
      co_return co_await remove_model(exchange, id);
    case Route::kProviders:
      co_return co_await list_providers(exchange);
    case Route::kProvider:
      co_return co_await show_provider(exchange, id);
    case Route::kInspectRoutes:
      co_return co_await list_routes(exchange, query);
    case Route::kHealth:
    case Route::kPlainHealth:
      co_return co_await exchange.respond(200, kJsonType, R"({"status":"OK"})");
    case Route::kVersion:
      co_return co_await show_version(exchange);
    case Route::kHealthz:
      co_return co_await exchange.respond(200, kJsonType, R"({"status":"ok"})");
    case Route::kReadyz:
      co_return co_await serve_readiness(exchange);
    case Route::kMetrics:
      co_return co_await serve_metrics(exchange);
    default: {
      Error error = Error::client(ErrorKind::kNotFound, "no such route");
      co_await exchange.fail(std::move(error));
    }
  }
}

}  // namespace penstock::gateway
