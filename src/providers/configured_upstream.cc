#include "providers/configured_upstream.h"

#include <utility>

#include "config/credentials.h"
#include "core/text.h"
#include "providers/redirect.h"

namespace penstock::providers {

using config::Surface;

namespace {

const config::Url& messages_url_of(const config::Provider& settings) {
  return settings.messages_url ? *settings.messages_url : *settings.base_url;
}

// The reference's words.
Error key_is_missing(const std::string& provider_id) {
  return Error::client(
      ErrorKind::kInvalidRequest,
      "API key not provided. Please provide a valid API key in the provider data header, e.g. "
      "x-ogx-provider-data: {\"" +
          provider_id + "_api_key\": \"<API_KEY>\"}.");
}

}  // namespace

ConfiguredUpstream::ConfiguredUpstream(const config::Provider& settings,
                                       const config::Server& server, Environment environment)
    : Provider(settings, server, std::move(environment)),
      keys_(settings),
      heads_(settings),
      has_credential_(config::has_credential(settings)),
      openai_(endpoint_of(*settings.base_url, Surface::kOpenAi)),
      anthropic_(endpoint_of(messages_url_of(settings), Surface::kAnthropic)),
      listing_(listing_endpoint()) {
  pools().set_limits(pool_limits());
}

Endpoint ConfiguredUpstream::endpoint_of(const config::Url& url, Surface surface) {
  Endpoint endpoint;
  endpoint.url = url;
  endpoint.pool = &pools().pool_of(url);
  endpoint.auth = surface == Surface::kOpenAi ? settings().auth : settings().messages_auth;
  endpoint.opening_fields.add("Host", url.authority());
  const Secret& key = settings().api_key;
  const std::string_view key_name = config::key_field_name(endpoint.auth);
  if (!key.empty() && !key_name.empty()) add_key(endpoint.key_field, endpoint.auth, key);
  for (const config::Provider::Header& header : settings().headers) {
    const bool is_key = equals_ignoring_case(header.name, key_name);
    // At most one: the static key takes precedence.
    if (is_key && !key.empty()) continue;
    (is_key ? endpoint.key_field : endpoint.opening_fields).add(header.name, header.value.reveal());
  }
  return endpoint;
}

Endpoint ConfiguredUpstream::listing_endpoint() {
  const config::ModelListing& listing = settings().listing;
  const bool is_anthropics = listing.surface == Surface::kAnthropic;
  const config::Url& api = is_anthropics ? messages_url_of(settings()) : *settings().base_url;
  Endpoint endpoint = endpoint_of(listing.url.value_or(api), listing.surface);
  if (is_anthropics && !operator_sets(settings(), config::kAnthropicVersionField)) {
    endpoint.opening_fields.add(config::kAnthropicVersionField, config::kAnthropicVersion);
  }
  return endpoint;
}

http::PoolLimits ConfiguredUpstream::pool_limits() const {
  const config::ConnectionLimits& own = settings().connection_limits;
  http::PoolLimits limits;
  limits.idle_timeout = own.keepalive_expiry.value_or(server().timeouts.upstream_idle);
  limits.lifetime = server().timeouts.upstream_lifetime;
  limits.idle_connections = own.max_keepalive_connections;
  if (!limits.idle_connections && server().limits.connections_per_upstream > 0) {
    limits.idle_connections = server().limits.connections_per_upstream;
  }
  return limits;
}

Result<Call> ConfiguredUpstream::call(const ProviderData* data, Surface surface) const {
  return call_to(surface == Surface::kOpenAi ? openai_ : anthropic_, data);
}

Result<Call> ConfiguredUpstream::list_call(const ProviderData* data) const {
  return call_to(listing_, data);
}

Result<Call> ConfiguredUpstream::call_to(const Endpoint& endpoint, const ProviderData* data) const {
  const ChosenKey key = keys_.choose(endpoint, data);
  if (settings().needs_key && key.owner == ChosenKey::Owner::kNobody) {
    return failure(key_is_missing(settings().id));
  }
  return Call(endpoint, key, has_credential_ && !key.is_callers());
}

bool ConfiguredUpstream::can_list() const {
  return settings().can_be_asked();
}

Result<std::string> ConfiguredUpstream::follow(const http::ResponseHead& head, const Call& call,
                                               std::string_view asked) {
  Result<std::string> target = redirect_target(head, call.endpoint().url, asked);
  if (target) return target;
  std::string address = redirect_address(head);
  if (std::exchange(last_redirect_, address) != address && log() != nullptr) {
    log()->warning("provider " + settings().id + ": " + settings().base_url->text() +
                   " redirects to " + address + "; correct its base_url");
  }
  return target;
}

}  // namespace penstock::providers
