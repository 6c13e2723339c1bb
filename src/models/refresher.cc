#include "models/refresher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "models/lister.h"
#include "net/wait.h"

namespace penstock::models {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{60'000};

}  // namespace

Task<void> Refresher::keep_fresh(std::size_t index, providers::Passthrough& provider,
                                 net::Signal& stop, std::function<void()> asked) {
  net::Deadline deadline(environment_.loop);
  milliseconds pause = kFirstPause;
  while (provider.pool() != nullptr) {
    const Outcome outcome = co_await refresh(index, provider, stop);
    if (asked) std::exchange(asked, nullptr)();
    if (outcome == Outcome::kFailed) {
      deadline.set_after(with_jitter(pause));
      pause = std::min(2 * pause, kLongestPause);
    } else {
      pause = kFirstPause;
      if (!provider.settings().refresh_models) co_return;
      deadline.set_after(std::max<milliseconds>(environment_.interval, kFirstPause));
    }
    const net::Woken woken = co_await net::wait_any(environment_.loop, &deadline, stop);
    if (woken.by(stop)) co_return;
  }
  if (asked) asked();
}

Task<Refresher::Outcome> Refresher::refresh(std::size_t index, providers::Passthrough& provider,
                                            net::Signal& stop) {
  const telemetry::ProviderId id = environment_.metrics.provider(provider.id());
  const SteadyTime until = environment_.loop.now() + kListTimeout;
  auto listed = co_await list_models(environment_.loop, provider, nullptr, until, stop);
  if (!listed) {
    environment_.metrics.set_provider_up(id, telemetry::ProviderUp::kNo);
    if (!stop.raised()) report(index, provider, listed.error());
    co_return Outcome::kFailed;
  }
  for (const std::string& line :
       environment_.registry.listed(index, std::move(*listed), environment_.loop.wall())) {
    environment_.log.warning(line);
  }
  environment_.metrics.set_provider_up(id, telemetry::ProviderUp::kYes);
  co_return Outcome::kListed;
}

// One line when it begins, not one for each attempt.
void Refresher::report(std::size_t index, const providers::Passthrough& provider,
                       const Error& error) {
  const ProviderHealth before = environment_.registry.health(index);
  const std::vector<std::string> pending = environment_.registry.list_failed(index, error);
  for (const std::string& line : pending) environment_.log.warning(line);
  if (before.state == ProviderHealth::State::kError && before.message == error.message) return;
  environment_.log.warning("provider " + std::string(provider.id()) + ": the models of " +
                           provider.settings().base_url->text() +
                           " cannot be listed: " + error.message + "; asking again");
}

milliseconds Refresher::with_jitter(milliseconds delay) {
  const auto quarter = static_cast<std::uint64_t>(delay.count() / 4 + 1);
  return delay + milliseconds(environment_.random.next() % quarter);
}

}  // namespace penstock::models
