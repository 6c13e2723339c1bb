#include "gateway/exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/refused_charge.h"

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

Status Exchange::refused(const limits::Refusal& refusal) {
  facts_.retry_after = retry_after(refusal);
  facts_.should_not_retry = !facts_.retry_after;
  if (refusal.resets != WallTime::max()) facts_.budget_resets = refusal.resets;
  return failure(error_of(refusal));
}

Status Exchange::open(const limits::Accounts& accounts) {
  facts_.accounts = &accounts;
  const limits::Charge::Admission opened = charge_.open(accounts, loop().now());
  return opened ? Status() : refused(opened.error());
}

Status Exchange::reserve(std::string_view body) {
  limits::Amounts expected;
  if (charge_.counts_usage() && passing().spends == Spends::kYes) {
    const wire::RequestSize size = wire::read_size(body);
    const limits::Estimator::Tokens tokens =
        environment_.estimator.expect(facts_.model.view(), size, config::Reserve::kLearned);
    sized_ = std::make_unique<const SizedRequest>(SizedRequest{.size = size, .expected = tokens});
    expected.input_tokens = tokens.input;
    expected.output_tokens = tokens.output;
  }
  const limits::Charge::Admission reserved =
      charge_.reserve(facts_.model.view(), expected, loop().now(), loop().wall());
  return reserved ? Status() : refused(reserved.error());
}

void Exchange::settle() {
  if (!charge_.is_open()) return;
  charge_.settle(used(), loop().now());
  if (!sized_ || !facts_.usage || facts_.ending != telemetry::Ending::kCompleted) return;
  limits::Estimator& estimator = environment_.estimator;
  const wire::Usage& usage = *facts_.usage;
  if (usage.prompt_tokens) {
    estimator.learn_input(facts_.model.view(), sized_->size, *usage.prompt_tokens);
  }
  if (usage.completion_tokens) {
    estimator.learn_output(facts_.model.view(), *usage.completion_tokens);
  }
}

// A request that failed has used no tokens, unless its answer had begun.
limits::Amounts Exchange::used() const {
  if (facts_.attempts.count() == 0) return {.requests = 0};
  limits::Amounts used;
  if (!sized_) return used;
  const bool has_answer = facts_.answer_text && facts_.status < 400;
  limits::Estimator::Tokens tokens;
  if (has_answer) {
    tokens = {.input = sized_->expected.input,
              .output = environment_.estimator.tokens_of(facts_.model.view(), *facts_.answer_text)};
  }
  const bool is_whole = facts_.ending == telemetry::Ending::kCompleted;
  if (facts_.usage) {
    const auto count = [](std::optional<std::uint64_t> stated) {
      return static_cast<std::int64_t>(stated.value_or(0));
    };
    tokens.input = count(facts_.usage->prompt_tokens);
    // What is stated at the start of a stream is not all that it has had.
    const std::int64_t output = count(facts_.usage->completion_tokens);
    tokens.output = is_whole ? output : std::max(output, tokens.output);
  }
  used.input_tokens = tokens.input;
  used.output_tokens = tokens.output;
  return used;
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
