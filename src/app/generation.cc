#include "app/generation.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "app/access_log_options.h"
#include "app/price_source.h"
#include "app/tls_contexts.h"
#include "config/confidential.h"
#include "config/upstream_identity.h"

namespace penstock::app {
namespace {

// One that cannot be read counts as empty: making the context reports it.
StableDigest digest_of_files(std::initializer_list<std::string> paths) {
  std::string text;
  for (const std::string& path : paths) {
    text.append(path).push_back('\0');
    if (path.empty()) continue;
    std::ifstream file(path, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(file), {}).push_back('\0');
  }
  return stable_digest(text);
}

StableDigest digest_of(const config::Server& server) {
  return digest_of_files({server.tls_certfile, server.tls_keyfile, server.tls_cafile});
}

StableDigest digest_of(const config::Provider& provider) {
  const config::UpstreamTls& tls = provider.tls;
  return digest_of_files({tls.ca_file, tls.client_cert, tls.client_key, provider.proxies.ca_file});
}

// Null if there is none with the same connections.
std::shared_ptr<const UpstreamConnections> connections_in(const Generation* earlier,
                                                          const config::Provider& provider) {
  if (earlier == nullptr) return nullptr;
  const std::vector<config::Provider>& others = earlier->settings->providers;
  const auto same = std::ranges::find_if(others, [&](const config::Provider& other) {
    return config::has_same_connections(provider, other);
  });
  if (same == others.end()) return nullptr;
  return earlier->upstreams[static_cast<std::size_t>(same - others.begin())];
}

// What was told of an upstream that is the same stays told.
std::vector<std::shared_ptr<providers::UpstreamReport>> reports_of(const config::Settings& settings,
                                                                   const Generation* earlier) {
  std::vector<std::shared_ptr<providers::UpstreamReport>> reports;
  for (const config::Provider& provider : settings.providers) {
    std::shared_ptr<providers::UpstreamReport>& report = reports.emplace_back();
    // Callers' own upstreams are not the operator's to look after.
    if (!provider.base_url) continue;
    for (std::size_t i = 0; earlier != nullptr && i < earlier->reports.size(); ++i) {
      if (config::is_same_upstream(provider, earlier->settings->providers[i])) {
        report = earlier->reports[i];
      }
    }
    if (report == nullptr) report = std::make_shared<providers::UpstreamReport>();
  }
  return reports;
}

std::shared_ptr<const routing::Router> router_of(
    const std::shared_ptr<const config::Settings>& settings, const Generation* earlier) {
  if (settings->routing.routes.empty()) return nullptr;
  return std::make_shared<const routing::Router>(
      settings, earlier == nullptr ? nullptr : earlier->router.get());
}

}  // namespace

Generation::Generation(Parts parts)
    : number(parts.earlier == nullptr ? 1 : parts.earlier->number + 1),
      settings(parts.settings),
      confidential(std::make_shared<const Confidential>(config::confidential_of(*settings))),
      reports(reports_of(*settings, parts.earlier)),
      accounts(settings->server.api_keys, settings->owners,
               parts.earlier == nullptr ? limits::KeyAccounts() : parts.earlier->accounts),
      router(router_of(settings, parts.earlier)),
      pins(settings->providers.size() > 1 ? parts.pins : nullptr),
      registry(
          settings, SystemClock().wall(),
          [this, publish = std::move(parts.publish)](
              const std::shared_ptr<const models::Catalog>& catalog) { publish(*this, catalog); }) {
}

Result<std::shared_ptr<Generation>> Generation::make(Parts parts) {
  const Generation* const earlier = parts.earlier;
  std::shared_ptr<Generation> made(new Generation(std::move(parts)));
  if (Status opened = made->open_access_log(earlier); !opened) {
    return failure(std::move(opened.error()));
  }
  if (Status loaded = made->load_server_tls(earlier); !loaded) {
    return failure(std::move(loaded.error()));
  }
  if (Status loaded = made->load_upstreams(earlier); !loaded) {
    return failure(std::move(loaded.error()));
  }
  if (Status loaded = made->load_prices(); !loaded) return failure(std::move(loaded.error()));
  if (earlier != nullptr) made->registry.take_lists(earlier->registry);
  return made;
}

Status Generation::load_prices() {
  if (!needs_prices(*settings)) return {};
  auto table = price_table_of(*settings);
  if (!table) return failure(std::move(table.error()));
  prices = std::move(*table);
  return {};
}

Status Generation::open_access_log(const Generation* earlier) {
  if (earlier != nullptr && earlier->settings->server.access_log == settings->server.access_log) {
    access_log = earlier->access_log;
    return {};
  }
  auto opened = telemetry::AccessLog::open(access_log_options(settings->server));
  if (!opened) return failure(std::move(opened.error()));
  access_log = std::move(*opened);
  if (earlier != nullptr) access_log->count_dropped(earlier->access_log->dropped_lines());
  return {};
}

Status Generation::load_server_tls(const Generation* earlier) {
  const config::Server& server = settings->server;
  if (server.tls_certfile.empty()) return {};
  server_tls_files = digest_of(server);
  if (earlier != nullptr && earlier->server_tls && earlier->server_tls_files == server_tls_files &&
      earlier->settings->server.tls_ciphers == server.tls_ciphers) {
    server_tls = earlier->server_tls;
    return {};
  }
  Result<net::TlsContext> made = tls_context_of(server);
  if (!made) return failure(std::move(made.error()));
  server_tls = std::move(*made);
  return {};
}

Status Generation::load_upstreams(const Generation* earlier) {
  for (const config::Provider& provider : settings->providers) {
    const StableDigest files = digest_of(provider);
    auto same = connections_in(earlier, provider);
    if (same != nullptr && same->tls_files == files) {
      upstreams.push_back(std::move(same));
      continue;
    }
    Result<net::TlsContext> tls = tls_context_of(provider);
    if (!tls) return failure(std::move(tls.error()));
    Result<std::optional<net::TlsContext>> proxy_tls = proxy_tls_of(provider);
    if (!proxy_tls) return failure(std::move(proxy_tls.error()));
    const config::ConnectionLimits& limits = provider.connection_limits;
    std::shared_ptr<http::UpstreamLimit> limit;
    if (limits.max_connections) {
      limit = std::make_shared<http::UpstreamLimit>(*limits.max_connections, limits.max_waiting);
    }
    upstreams.push_back(std::make_shared<const UpstreamConnections>(
        UpstreamConnections{std::move(*tls), std::move(*proxy_tls), files, std::move(limit)}));
  }
  return {};
}

}  // namespace penstock::app
