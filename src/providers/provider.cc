#include "providers/provider.h"

#include <chrono>
#include <utility>

#include "providers/callers_upstream.h"
#include "providers/configured_upstream.h"

namespace penstock::providers {

Provider::Provider(const config::Provider& settings, const config::Server& server,
                   Environment environment)
    : settings_(settings),
      server_(server),
      environment_(std::move(environment)),
      timeouts_(config::with_first_byte_bounded(
          config::effective_timeouts(server.timeouts, settings.timeouts))) {}

std::string Provider::log_subject() const {
  const std::string place = settings_.base_url ? " to " + settings_.base_url->text() : "";
  return "provider " + settings_.id + ": requests" + place;
}

void Provider::request_failed(UpstreamReport::Failure failure, std::string_view why,
                              SteadyTime now) const {
  if (environment_.report == nullptr || log() == nullptr) return;
  if (!environment_.report->failed(failure, now)) return;
  log()->warning(log_subject() + " fail: " + std::string(why));
}

void Provider::tell_of_recovery(SteadyTime now) const {
  const auto duration = environment_.report->answered(now);
  if (!duration || log() == nullptr) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*duration).count();
  log()->info(log_subject() + " are answered again, after " + std::to_string(seconds) + " s");
}

std::unique_ptr<Provider> make_provider(const config::Provider& settings,
                                        const config::Server& server,
                                        Provider::Environment environment) {
  if (settings.base_url) {
    return std::make_unique<ConfiguredUpstream>(settings, server, std::move(environment));
  }
  return std::make_unique<CallersUpstream>(settings, server, std::move(environment));
}

}  // namespace penstock::providers
