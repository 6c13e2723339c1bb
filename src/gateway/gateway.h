#pragma once

// Gateway: one thread's handler of requests. Runs the phases of an exchange in order.

#include <cstddef>
#include <optional>
#include <string_view>

#include "access/api_keys.h"
#include "access/cors.h"
#include "config/settings.h"
#include "core/clock.h"
#include "core/confidential.h"
#include "core/memory_trimmer.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/exchange_environment.h"
#include "gateway/open_exchanges.h"
#include "gateway/readiness.h"
#include "gateway/recorder.h"
#include "gateway/route_table.h"
#include "http/field_block.h"
#include "http/handler.h"
#include "limits/account.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "telemetry/access_log.h"
#include "telemetry/log.h"
#include "telemetry/metrics_shard.h"
#include "wire/apis/api.h"

namespace penstock::gateway {

class Gateway final : public http::Handler {
 public:
  // All of it outlives the gateway.
  struct Parts {
    const config::Settings& settings;
    const telemetry::SettingsLabels& labels;  // of the settings
    const limits::KeyAccounts& accounts;      // of server.api_keys
    limits::Estimator& estimator;             // of the thread
    net::EventLoop& loop;
    http::ScratchPool& scratch;
    Random& random;
    MemoryTrimmer& memory;
    const Confidential& confidential;
    const RouteTable& routes;
    Readiness& readiness;
    telemetry::Log& log;
    telemetry::MetricsShard& shard;
    const telemetry::AccessLog& access_log;
    telemetry::AccessLogShard& access_log_shard;
    ListenerKind listener = ListenerKind::kCommon;
    OpenExchanges* open_exchanges = nullptr;  // of the thread; null: nobody asks for them
  };
  explicit Gateway(const Parts& parts);

  Task<void> handle(http::ServerExchange& client) override;
  http::Refusal refuse(const Error& error, const net::SocketAddress& peer,
                       std::string_view target) override;
  void handshake_failed(TlsFailure failure, const Error& error,
                        const net::SocketAddress& peer) override;
  void proxy_header_failed(ProxyHeaderFailure failure, const net::SocketAddress& peer) override;
  void limit_hit(Limit limit) override { parts_.shard.limit_hit(limit); }
  void connection_opened() override { parts_.shard.connection_opened(); }
  void connection_closed() override;

  // The exchanges that this gateway handles at present.
  OpenExchanges& open_exchanges() { return open_exchanges_; }

 private:
  class Open;

  // Answers the request, or returns the error to answer with.
  Task<Status> run_phases(Exchange& exchange);
  Result<RouteMatch> find(const http::RequestHead& request) const;
  Result<RouteMatch> find_anywhere(const http::RequestHead& request) const;
  wire::Api error_api_of(const http::RequestHead& request, const RouteMatch* match) const;
  Status identify(Exchange& exchange) const;
  Status admit(Exchange& exchange, const RouteMatch& match) const;
  std::optional<access::Cors::Preflight> tell_browser(Exchange& exchange) const;

  const Parts parts_;
  const bool uses_tls_;
  const access::ApiKeys keys_;
  const std::optional<access::Cors> cors_;  // none: no page is told that it may
  const http::FieldBlock fields_;           // of every answer; may be empty
  Recorder recorder_;
  const ExchangeEnvironment environment_;
  OpenExchanges open_exchanges_;
};

}  // namespace penstock::gateway
