#include "gateway/target_checks.h"

#include <algorithm>
#include <string>
#include <utility>

#include "net/wait.h"

namespace penstock::gateway {
namespace {

// A key that is refused, a limit, a failure of the service: clients' requests would meet the same.
bool is_good(int status) {
  return status < 500 && status != 401 && status != 403 && status != 429;
}

// No check was made: the server ends, the provider's connections are all in use, or only callers
// can ask it, with keys or URLs of their own.
bool says_nothing(const Error& error) {
  return error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kOverloaded ||
         error.kind == ErrorKind::kInvalidRequest;
}

Error bad_answer(int status) {
  return Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                         "the check was answered with " + std::to_string(status));
}

}  // namespace

void TargetChecks::start(net::TaskGroup& tasks, net::Signal& stopping) {
  for (Subject& subject : subjects()) tasks.spawn(keep_checking(std::move(subject), stopping));
}

std::vector<TargetChecks::Subject> TargetChecks::subjects() const {
  std::vector<Subject> subjects;
  if (parts_.router == nullptr) return subjects;
  for (const auto& route : parts_.router->routes()) {
    if (!route->rules().check.is_on) continue;
    for (const routing::ModelRoute::Member& member : route->members()) {
      const std::size_t provider = member.settings->provider;
      auto found = std::ranges::find(subjects, provider, &Subject::provider);
      if (found == subjects.end()) {
        found = subjects.insert(found, {.provider = provider, .targets = {}});
      }
      const bool is_known = std::ranges::any_of(
          found->targets, [&](const Checked& each) { return each.target == member.target; });
      if (!is_known) found->targets.push_back({member.target, &route->rules()});
    }
  }
  return subjects;
}

// Moved by a tenth, so that many servers do not check at the same time.
std::chrono::nanoseconds TargetChecks::pause(const config::CheckRules& rules) {
  const std::chrono::nanoseconds interval = rules.interval;
  return interval * 9 / 10 + interval / 5 * static_cast<int>(parts_.random.next() % 1000) / 1000;
}

Task<void> TargetChecks::keep_checking(Subject subject, net::Signal& stopping) {
  providers::Provider& provider = *parts_.providers[subject.provider];
  const config::CheckRules& rules = subject.targets.front().rules->check;
  net::Deadline deadline(parts_.loop);
  providers::UpstreamReport report;
  while (!stopping.raised()) {
    deadline.set(parts_.loop.now() + pause(rules));
    co_await net::wait_any(parts_.loop, &deadline, stopping);
    if (stopping.raised()) co_return;
    Status checked = co_await check(provider, rules, stopping);
    if (!checked && says_nothing(checked.error())) continue;
    tell(provider, checked, report);
    const SteadyTime now = parts_.loop.now();
    for (const Checked& each : subject.targets) {
      if (checked) {
        each.target->check_succeeded(now);
      } else {
        each.target->check_failed(now, each.rules->breaker, parts_.random.next());
      }
    }
  }
}

// Apart from what requests show: a service may answer checks and fail requests.
void TargetChecks::tell(const providers::Provider& provider, const Status& checked,
                        providers::UpstreamReport& report) {
  using Failure = providers::UpstreamReport::Failure;
  const SteadyTime now = parts_.loop.now();
  const std::string subject = "provider " + std::string(provider.id()) + ": checks of " +
                              provider.settings().base_url->text();
  if (checked) {
    const auto duration = report.has_failed() ? report.answered(now) : std::nullopt;
    if (!duration) return;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*duration).count();
    parts_.log.info(subject + " succeed again, after " + std::to_string(seconds) + " s");
    return;
  }
  const Error& error = checked.error();
  const bool is_unreachable = error.kind == ErrorKind::kUpstreamUnreachable;
  if (!report.failed(is_unreachable ? Failure::kUnreachable : Failure::kNoAnswer, now)) return;
  parts_.log.warning(subject + " fail: " + error.message);
}

Task<Status> TargetChecks::check(providers::Provider& provider, const config::CheckRules& rules,
                                 net::Signal& stopping) {
  Result<providers::Call> call = provider.call(nullptr, config::Surface::kOpenAi);
  if (!call) co_return failure(std::move(call.error()));
  const SteadyTime until = parts_.loop.now() + rules.timeout;
  http::ScratchPool::Text target(parts_.scratch);
  http::FieldBlock fields(parts_.scratch);
  provider.write_own_head(rules.path, *call, nullptr, *target, fields);
  auto acquired = co_await call->pool().acquire(http::Reuse::kNo, until, stopping);
  if (!acquired) co_return failure(std::move(acquired.error()));
  const http::RequestToSend request{"GET", *target, fields};
  Status sent = co_await acquired->send(request, {}, until, stopping);
  if (!sent) co_return sent;
  auto head = co_await acquired->receive_head(until, stopping);
  if (!head) co_return failure(std::move(head.error()));
  const int status = (*head)->status;
  acquired->finish_unread();
  if (!is_good(status)) co_return failure(bad_answer(status));
  co_return Status{};
}

}  // namespace penstock::gateway
