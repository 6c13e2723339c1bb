#include "gateway/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace penstock::gateway {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kRequestIdBytesMax = 128;

// Characters that are safe in a log line and a header.
constexpr std::array<bool, 256> kRequestIdCharacters = [] {
  std::array<bool, 256> usable{};
  constexpr std::string_view kUsable =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.:/+=@";
  for (const char c : kUsable) usable[static_cast<unsigned char>(c)] = true;
  return usable;
}();

bool is_usable_request_id(std::string_view id) {
  return !id.empty() && id.size() <= kRequestIdBytesMax && std::ranges::all_of(id, [](char c) {
    return kRequestIdCharacters[static_cast<unsigned char>(c)];
  });
}

using RequestId = std::array<char, 32>;

// `req_` and 112 random bits.
RequestId make_request_id(Random& random) {
  constexpr char kDigits[] = "0123456789abcdef";
  RequestId id = {'r', 'e', 'q', '_'};
  std::size_t at = 4;
  while (at < id.size()) {
    std::uint64_t bits = random.next();
    for (int i = 0; i < 14; ++i, bits >>= 4) id[at++] = kDigits[bits & 15];
  }
  return id;
}

// How long a client of a key without a place waits before it asks again.
constexpr milliseconds kPlacePatience{1'000};

milliseconds retry_after(const limits::Refusal& refusal) {
  if (refusal.by == limits::Refusal::By::kConcurrency) return kPlacePatience;
  return std::chrono::ceil<milliseconds>(refusal.wait);
}

// OpenAI's words for the first: clients show them to people.
Error refusal_of(const limits::Account& account, const limits::Refusal& refusal) {
  if (refusal.by == limits::Refusal::By::kConcurrency) {
    return Error::client(ErrorKind::kKeyConcurrency,
                         fmt::format("The key {} has {} open requests, which is its limit. Try "
                                     "again when one has ended.",
                                     account.name(), refusal.limit))
        .at_limit(Limit::kKeyConcurrency);
  }
  const double seconds = std::chrono::duration<double>(refusal.wait).count();
  return Error::client(ErrorKind::kKeyRequests,
                       fmt::format("Rate limit reached for the key {} on requests per minute: "
                                   "limit {}. Try again in {:.1f} s.",
                                   account.name(), refusal.limit, std::ceil(seconds * 10) / 10))
      .at_limit(Limit::kKeyRequests);
}

}  // namespace

Exchange::Exchange(const ExchangeEnvironment& environment, http::ServerExchange& client)
    : environment_(environment), client_(client), responder_(environment, client, facts_) {
  constexpr std::size_t kPathBytesMax = 512;
  constexpr std::size_t kUserAgentBytesMax = 128;
  const http::RequestHead& request = client.request();
  facts_.started = client.request_started();
  limit_to(environment.server.timeouts.request);
  facts_.endpoint = &environment.routes.unknown();
  facts_.method.assign(request.method);
  facts_.path.assign(request.target.substr(0, kPathBytesMax));
  if (const auto agent = request.fields.find(http::FieldName::kUserAgent)) {
    facts_.user_agent.assign(agent->substr(0, kUserAgentBytesMax));
  }
  const std::optional<std::string_view> given = request.fields.find(http::FieldName::kXRequestId);
  if (given && may_be_request_id(*given)) {
    facts_.request_id.assign(*given);
  } else {
    const RequestId id = make_request_id(environment.random);
    facts_.request_id.assign({id.data(), id.size()});
    facts_.request_id_is_made = true;
  }
}

bool Exchange::may_be_request_id(std::string_view id) const {
  return is_usable_request_id(id) && !environment_.secrets.may_find(id);
}

void Exchange::settle() {
  if (facts_.attempts.count() == 0) open_request_.give_back(loop().now());
}

Status Exchange::charge(const limits::Account& account) {
  facts_.account = &account;
  auto admitted = account.admit(loop().now());
  if (admitted) {
    open_request_ = std::move(*admitted);
    return {};
  }
  facts_.retry_after = retry_after(admitted.error());
  return failure(refusal_of(account, admitted.error()));
}

void Exchange::set_route(const RouteMatch& match) {
  facts_.endpoint = match.endpoint;
  if (match.served != nullptr) route_ = &match.served->route;
}

void Exchange::set_target(const models::Catalog::Target& target) {
  facts_.upstream_model.assign(target.upstream_model);
  facts_.provider = target.provider;
  facts_.model_is_known = target.model != nullptr;
  if (facts_.model_is_known && target.model->id != facts_.model.view()) {
    facts_.listed_model.assign(target.model->id);
  }
}

void Exchange::set_answering(std::size_t provider, std::string_view upstream_model) {
  facts_.provider = provider;
  facts_.upstream_model.assign(upstream_model);
  facts_.target.assign_joined({environment_.providers[provider].id, "/", upstream_model});
}

void Exchange::set_model_route(const config::ModelRoute& route) {
  facts_.is_routed = true;
  facts_.model_is_known = true;
  // Of a prefix, all names are one model.
  if (route.model != facts_.model.view()) facts_.listed_model.assign(route.model);
}

void Exchange::adopt_request_id(std::string_view id) {
  if (facts_.request_id_is_made && may_be_request_id(id)) facts_.request_id.assign(id);
}

void Exchange::first_byte_seen() {
  if (facts_.first_byte) return;
  facts_.first_byte = duration_cast<microseconds>(environment_.loop.now() - facts_.started);
}

void Exchange::limit_to(milliseconds longest) {
  facts_.deadline = longest.count() > 0 ? facts_.started + longest : net::Deadline::kNever;
}

SteadyTime Exchange::until(milliseconds timeout) const {
  if (timeout.count() <= 0) return facts_.deadline;
  return std::min(facts_.deadline, environment_.loop.now() + timeout);
}

}  // namespace penstock::gateway
