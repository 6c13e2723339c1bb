#include "gateway/request_affinity.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>

#include "access/api_keys.h"
#include "routing/affinity_key.h"
#include "routing/pins.h"
#include "wire/bodies/pinned_ids.h"
#include "wire/bodies/request_session.h"

namespace penstock::gateway {
namespace {

using Key = config::AffinityRules::Key;
using Pinned = std::shared_ptr<const routing::PinnedTarget>;

Pinned first_known(routing::Pins& pins, std::span<const StableDigest> ids, SteadyTime now) {
  for (const StableDigest& id : ids) {
    if (Pinned known = pins.find(id, now)) return known;
  }
  return nullptr;
}

bool may_be_pinned(const PassedRequest& request) {
  return request.upstreams.pins != nullptr &&
         request.exchange.facts().api() == wire::Api::kResponses;
}

bool asks_for_tools(const config::HedgeRules& rules) {
  return rules.is_on && !rules.with_tools;
}

// Whether a key of the body comes before one that is known without it.
bool needs_body(std::span<const Key> keys, const routing::AffinitySources& sources) {
  for (const Key key : keys) {
    if (key == Key::kSession && !sources.session.empty()) return false;
    if (key == Key::kApiKey && !sources.api_key.empty()) return false;
    if (key != Key::kSession && key != Key::kApiKey) return true;
  }
  return false;
}

std::string_view session_of(const http::Fields& fields) {
  routing::SessionField session;
  for (const http::Field& field : fields) {
    if (field.known_name == http::FieldName::kOther) session.look_at(field.name, field.value);
  }
  return session.session();
}

// All clients without a key are no one client.
std::string_view key_name(const Exchange& exchange) {
  const access::Principal& principal = *exchange.facts().principal;
  return principal.is_anonymous ? std::string_view() : principal.name;
}

// The member that has made what is pinned, else any of the same provider: its account has it.
RequestPin pin_to(const routing::PinnedTarget& pinned, const PassedRequest& request,
                  const routing::ModelRoute& route) {
  const std::string_view asked_model = request.exchange.facts().model.view();
  RequestPin pin;
  const routing::Target* only_one = nullptr;
  std::size_t found = 0;
  for (const routing::ModelRoute::Member& member : route.members()) {
    if (member.target->provider_id() != pinned.provider_id) continue;
    const std::string& own = member.settings->model;
    const std::string_view model = own.empty() ? asked_model : std::string_view(own);
    pin.provider = member.settings->provider;
    only_one = member.target.get();
    ++found;
    if (model != pinned.model) continue;
    pin.target = only_one;
    return pin;
  }
  if (found == 1) pin.target = only_one;
  return pin;
}

RequestPin pin_of(const wire::RequestSession& session, const PassedRequest& request,
                  const routing::ModelRoute& route) {
  routing::Pins& pins = *request.upstreams.pins;
  const SteadyTime now = request.exchange.loop().now();
  Pinned known = first_known(pins, session.stored, now);
  const bool is_stored = known != nullptr;
  if (!is_stored) known = first_known(pins, session.items, now);
  if (known == nullptr) return {};
  RequestPin pin = pin_to(*known, request, route);
  pin.is_stored = is_stored;
  // The client knows better.
  if (request.only_provider && pin.provider != request.only_provider) return {};
  return pin;
}

}  // namespace

RequestAffinity affinity_of(const PassedRequest& request, const routing::ModelRoute& route) {
  const config::RouteRules& rules = route.rules();
  const std::span<const Key> keys = rules.affinity.keys;
  const http::Fields& fields = request.exchange.client().request().fields;
  routing::AffinitySources sources;
  if (std::ranges::find(keys, Key::kSession) != keys.end()) {
    sources.session = session_of(fields);
  }
  sources.api_key = key_name(request.exchange);
  const bool needs_keys = needs_body(keys, sources);
  const bool pins = may_be_pinned(request);
  RequestAffinity affinity;
  wire::RequestSession session;
  if (needs_keys || pins || asks_for_tools(rules.hedge)) {
    const bool needs_prefix = needs_keys && std::ranges::find(keys, Key::kPrefix) != keys.end();
    session = wire::read_session(
        request.body,
        {.prefix_bytes = needs_prefix ? rules.affinity.prefix_bytes : 0, .pins = pins});
    sources.body = &session;
    affinity.has_tools = session.has_tools;
    affinity.refers_to_stored = !session.stored.empty();
  }
  affinity.key = routing::affinity_key(keys, sources);
  if (pins) affinity.pin = pin_of(session, request, route);
  return affinity;
}

std::optional<std::size_t> provider_of_ids(const Upstreams& upstreams, const RouteMatch& match,
                                           std::string_view body, SteadyTime now) {
  if (upstreams.pins == nullptr) return std::nullopt;
  Pinned known;
  if (!match.id.empty()) {
    known = upstreams.pins->find(wire::digest_of_id(decoded_id(match)), now);
  }
  if (known == nullptr && !body.empty()) {
    const wire::RequestSession session = wire::read_session(body, {.pins = true});
    known = first_known(*upstreams.pins, session.stored, now);
    if (known == nullptr) known = first_known(*upstreams.pins, session.items, now);
  }
  if (known == nullptr) return std::nullopt;
  const auto found =
      std::ranges::find(upstreams.settings, known->provider_id, &config::Provider::id);
  if (found == upstreams.settings.end()) return std::nullopt;
  return static_cast<std::size_t>(found - upstreams.settings.begin());
}

}  // namespace penstock::gateway
