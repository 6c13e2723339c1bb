#pragma once

// Recorder: turns what is known about an exchange into metrics and a line of the access log.
//
// Belongs to one thread. What an operator wants to see while an exchange runs (open requests and
// streams, limits that are reached) is counted at once; everything else when it has ended.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "gateway/exchange_facts.h"
#include "net/event_loop.h"
#include "net/socket_address.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace penstock::gateway {

// What the configuration names, for Metrics::serve().
telemetry::ServedLabels served_labels(const config::Settings& settings);

class Recorder {
 public:
  // All of it outlives the recorder. `labels` are those of `settings`.
  Recorder(const config::Settings& settings, const telemetry::SettingsLabels& labels,
           net::EventLoop& loop, telemetry::MetricsShard& shard,
           const telemetry::AccessLog& access_log, telemetry::AccessLogShard& access_log_shard)
      : settings_(settings),
        loop_(loop),
        shard_(shard),
        series_(shard.series_of(labels)),
        access_log_(access_log),
        access_log_shard_(access_log_shard) {}

  void began() { shard_.request_opened(); }
  void stream_began() { shard_.stream_opened(); }
  void limit_hit(Limit limit) { shard_.limit_hit(limit); }
  // Counts the limit that caused the error, if any.
  void limit_of(const Error& error) { shard_.count_limit(error); }

  // What only the client's side knows.
  struct ClientFacts {
    const net::SocketAddress& peer;
    std::uint64_t body_bytes_received = 0;
    std::uint64_t body_bytes_sent = 0;
  };
  // The exchange has ended, in whatever way. Called once for each that began.
  void ended(const ExchangeFacts& facts, const ClientFacts& client);

 private:
  void count(const ExchangeFacts& facts, std::chrono::microseconds duration);
  void count_attempts(const Attempts<AttemptFacts>& attempts);
  void count_routing(const ExchangeFacts& facts);
  void log(const ExchangeFacts& facts, const ClientFacts& client,
           std::chrono::microseconds duration);
  void log_targets(const ExchangeFacts& facts);
  std::string target_text(std::size_t provider, std::string_view model) const;

  const config::Settings& settings_;
  net::EventLoop& loop_;
  telemetry::MetricsShard& shard_;
  const telemetry::SettingsSeries series_;  // by position in the settings
  const telemetry::AccessLog& access_log_;
  telemetry::AccessLogShard& access_log_shard_;
};

}  // namespace penstock::gateway
