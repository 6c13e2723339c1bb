#include "app/tls_contexts.h"

#include <utility>

namespace penstock::app {

Result<net::TlsContext> tls_context_of(const config::Server& server) {
  return net::TlsContext::server({.certificate_file = server.tls_certfile,
                                  .key_file = server.tls_keyfile,
                                  .client_ca_file = server.tls_cafile,
                                  .ciphers = server.tls_ciphers});
}

Result<net::TlsContext> tls_context_of(const config::Provider& provider) {
  using Verify = net::TlsContext::ClientOptions::Verify;
  const config::UpstreamTls& tls = provider.tls;
  net::TlsContext::ClientOptions options;
  // Reading the system's certificates takes longer than the rest of the start: only done for
  // upstreams with TLS.
  const bool is_plain = provider.base_url && !provider.base_url->tls;
  const bool verify = tls.verify && !(is_plain && tls.ca_file.empty());
  options.verify = verify ? Verify::kYes : Verify::kNo;
  options.ca_file = tls.ca_file;
  options.tls13_only = tls.min_version == config::UpstreamTls::MinVersion::kTls13;
  options.ciphers = tls.ciphers;
  // Without a base_url callers choose the upstream, and must not get the operator's identity.
  if (provider.base_url) {
    options.certificate_file = tls.client_cert;
    options.key_file = tls.client_key;
  }
  Result<net::TlsContext> context = net::TlsContext::client(options);
  if (!context) {
    context.error().message = "provider " + provider.id + ": " + context.error().message;
  }
  return context;
}

Result<std::optional<net::TlsContext>> proxy_tls_of(const config::Provider& provider) {
  const config::Proxies& proxies = provider.proxies;
  const auto is_secure = [](const auto& proxy) { return proxy && proxy->url.tls; };
  if (!is_secure(proxies.http) && !is_secure(proxies.https)) return std::nullopt;
  net::TlsContext::ClientOptions options;
  options.ca_file = proxies.ca_file;
  Result<net::TlsContext> context = net::TlsContext::client(options);
  if (context) return std::move(*context);
  context.error().message =
      "provider " + provider.id + ", network.proxy: " + context.error().message;
  return failure(std::move(context.error()));
}

}  // namespace penstock::app
