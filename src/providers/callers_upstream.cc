#include "providers/callers_upstream.h"

#include <algorithm>
#include <utility>

#include "config/url.h"
#include "providers/redirect.h"

namespace penstock::providers {
namespace {

// What is not there cannot be sent.
config::Provider without_operators_parts(config::Provider settings) {
  settings.api_key = Secret();
  settings.headers.clear();
  settings.query.clear();
  return settings;
}

}  // namespace

CallersUpstream::CallersUpstream(const config::Provider& settings, const config::Server& server,
                                 Environment environment)
    : Provider(settings, server, std::move(environment)),
      callers_settings_(without_operators_parts(settings)),
      keys_(callers_settings_),
      heads_(callers_settings_) {}

Result<Call> CallersUpstream::call(const ProviderData* data, config::Surface) const {
  if (data == nullptr || !data->url()) {
    return failure(
        Error::client(ErrorKind::kInvalidRequest,
                      "Provider '" + settings().id +
                          "' has no base_url: pass one in the header "
                          "X-OGX-Provider-Data as { \"passthrough_url\": <your api url> }"));
  }
  Result<config::Url> url = config::parse_base_url(*data->url(), settings().base_path);
  if (!url) {
    return failure(
        Error::client(ErrorKind::kInvalidRequest, "passthrough_url: " + url.error().message));
  }
  std::unique_ptr<const Call::OwnEndpoint> own = endpoint_of(*url);
  const ChosenKey key = keys_.choose(own->endpoint, data);
  return Call(std::move(own), key);
}

std::unique_ptr<const Call::OwnEndpoint> CallersUpstream::endpoint_of(
    const config::Url& url) const {
  const net::AddressRule rule =
      may_be_private(url) ? net::AddressRule::kAny : net::AddressRule::kPublicOnly;
  auto own = std::make_unique<Call::OwnEndpoint>();
  // A separate pool for one call: a connection to a caller's choice must not serve other callers.
  own->pool = pools().separate_pool(url, rule, net::Asker::kCaller);
  own->endpoint.url = url;
  own->endpoint.pool = own->pool.get();
  own->endpoint.auth = settings().auth;
  own->endpoint.opening_fields.add("Host", url.authority());
  return own;
}

Result<Call> CallersUpstream::list_call(const ProviderData* data) const {
  return call(data, config::Surface::kOpenAi);
}

Result<std::string> CallersUpstream::follow(const http::ResponseHead& head, const Call& call,
                                            std::string_view asked) {
  return redirect_target(head, call.endpoint().url, asked);
}

bool CallersUpstream::may_be_private(const config::Url& url) const {
  return std::ranges::any_of(server().caller_url_hosts,
                             [&](const config::CallerUrlHost& host) { return host.allows(url); });
}

}  // namespace penstock::providers
