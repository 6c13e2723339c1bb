#pragma once

// Provider: one entry of the configuration, as one thread sees it: how its upstream is called.
//
// It knows the upstream's addresses, and the credentials and headers of a call, and has the
// thread's connections to it (providers/origin_pools.h). Request bodies pass by it unchanged; it
// gives their target and fields. There are two kinds, by who names the upstream's URL: the operator
// (ConfiguredUpstream) or each caller (CallersUpstream).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "config/timeouts.h"
#include "core/clock.h"
#include "core/result.h"
#include "http/field_block.h"
#include "http/head.h"
#include "providers/call.h"
#include "providers/origin_pools.h"
#include "providers/provider_data.h"
#include "providers/upstream_report.h"
#include "providers/upstream_request.h"
#include "telemetry/log.h"

namespace penstock::providers {

class Provider {
 public:
  struct Environment {
    std::shared_ptr<OriginPools> pools;                // as this provider's settings say; not null
    telemetry::Log* log = nullptr;                     // may be null; outlives the provider
    std::shared_ptr<UpstreamReport> report = nullptr;  // of all threads; null: as without a log
  };

  virtual ~Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  const config::Provider& settings() const { return settings_; }
  std::string_view id() const { return settings_.id; }

  // The destination of a call of that API, and whose key it carries. `data` is null if the caller
  // sent none. Errors: kInvalidRequest if the caller must name a URL and has not, or named an
  // unusable one, or must bring a key and has not.
  virtual Result<Call> call(const ProviderData* data, config::Surface surface) const = 0;
  // The same for listing the models.
  virtual Result<Call> list_call(const ProviderData* data) const = 0;
  // Whether the upstream can be asked for its models without a caller.
  virtual bool can_list() const = 0;

  // Writes target and fields of a request. The client's query follows the operator's, without the
  // parameters that the operator has set.
  virtual void write_head(const UpstreamRequest& request, const Call& call, std::string& target,
                          http::FieldBlock& fields) const = 0;
  // The same for a request of the gateway's own: to a path as in an UpstreamRequest, or to the
  // call's own URL if the path is empty.
  virtual void write_own_head(std::string_view path, const Call& call, const ProviderData* data,
                              std::string& target, http::FieldBlock& fields) const = 0;
  // The path of the list of models, for write_own_head().
  virtual std::string_view list_path() const = 0;

  // Where the redirect `head`, the answer to `asked`, leads. Fails with kUpstreamRedirect.
  virtual Result<std::string> follow(const http::ResponseHead& head, const Call& call,
                                     std::string_view asked) = 0;

  // The address of the last redirect that was not followed, in the form for logs; empty: none.
  virtual std::string_view last_redirect() const = 0;

  // Where no model route has narrower ones.
  const config::AttemptTimeouts& timeouts() const { return timeouts_; }

  // What came of a client's request to it; the log is told when that changes.
  void request_answered(SteadyTime now) const {
    if (environment_.report != nullptr && environment_.report->has_failed()) [[unlikely]] {
      tell_of_recovery(now);
    }
  }
  void request_failed(UpstreamReport::Failure failure, std::string_view why, SteadyTime now) const;

  // Closes the connections that have rested for too long; returns how many still rest.
  std::size_t close_expired() { return pools().close_expired(); }
  // Closes all that rest.
  void close_idle() { pools().close_idle(); }
  // For the provider of a later configuration that has the same connections.
  const std::shared_ptr<OriginPools>& shared_pools() const { return environment_.pools; }

 protected:
  // Settings and server outlive the provider.
  Provider(const config::Provider& settings, const config::Server& server, Environment environment);

  const config::Server& server() const { return server_; }
  OriginPools& pools() const { return *environment_.pools; }
  telemetry::Log* log() const { return environment_.log; }

 private:
  std::string log_subject() const;
  void tell_of_recovery(SteadyTime now) const;

  const config::Provider& settings_;
  const config::Server& server_;
  const Environment environment_;
  const config::AttemptTimeouts timeouts_;
};

// The kind that the settings ask for. Settings and server outlive it.
std::unique_ptr<Provider> make_provider(const config::Provider& settings,
                                        const config::Server& server,
                                        Provider::Environment environment);

}  // namespace penstock::providers
