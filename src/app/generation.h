#pragma once

// Generation: one configuration, with everything that all threads use because of it.
//
// The first one is made at startup, each further one by a reload. What a further one has in common
// with the earlier one is shared: TLS contexts whose files have not changed, limits of connections
// to an upstream, the states of routes' targets, the access log. A generation is complete before a
// thread uses it, does not change after that, except for what synchronizes itself, and lives until
// the last request that began with it has ended. Made by the control thread, used by all.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/clock.h"
#include "core/confidential.h"
#include "core/result.h"
#include "core/stable_hash.h"
#include "http/upstream_limit.h"
#include "limits/account.h"
#include "models/registry.h"
#include "net/tls_context.h"
#include "prices/price_table.h"
#include "providers/upstream_report.h"
#include "routing/pins.h"
#include "routing/router.h"
#include "telemetry/access_log.h"
#include "telemetry/labels.h"

namespace penstock::app {

// What all threads' connections to one provider's upstreams have in common.
struct UpstreamConnections {
  net::TlsContext tls;
  std::optional<net::TlsContext> proxy_tls;    // nullopt: no proxy has https://
  StableDigest tls_files;                      // of what the contexts were made of
  std::shared_ptr<http::UpstreamLimit> limit;  // null: none
};

struct Generation {
  // A new catalog of that generation, from the thread that changed it.
  using Publish =
      std::function<void(const Generation&, const std::shared_ptr<const models::Catalog>&)>;
  struct Parts {
    std::shared_ptr<const config::Settings> settings;
    const Generation* earlier = nullptr;  // null: it is the first
    routing::Pins* pins = nullptr;        // outlives the generation
    Publish publish;
  };

  // Fails if a certificate, a key, the access log or the file of prices cannot be used; then
  // nothing has changed.
  static Result<std::shared_ptr<Generation>> make(Parts parts);

  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  const std::uint64_t number;  // 1 at startup, and one more with each reload
  const std::shared_ptr<const config::Settings> settings;
  const std::shared_ptr<const Confidential> confidential;
  telemetry::SettingsLabels labels;  // set once the metrics know of it
  std::shared_ptr<telemetry::AccessLog> access_log;
  std::optional<net::TlsContext> server_tls;  // nullopt: plain
  StableDigest server_tls_files;
  std::vector<std::shared_ptr<const UpstreamConnections>> upstreams;  // by provider
  // By provider: what the log has been told of the upstream.
  const std::vector<std::shared_ptr<providers::UpstreamReport>> reports;
  const limits::KeyAccounts accounts;                   // of server.api_keys
  const std::shared_ptr<const routing::Router> router;  // null: no model has several upstreams
  // Never null; empty where nothing looks at prices (app/price_source.h).
  std::shared_ptr<const prices::PriceTable> prices = std::make_shared<prices::PriceTable>();
  routing::Pins* const pins;  // null: there is one provider
  models::Registry registry;

 private:
  explicit Generation(Parts parts);

  Status open_access_log(const Generation* earlier);
  Status load_prices();
  Status load_server_tls(const Generation* earlier);
  Status load_upstreams(const Generation* earlier);
};

}  // namespace penstock::app
