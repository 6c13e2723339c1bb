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

Task<void> Refresher::keep_fresh(std::size_t index, providers::Provider& provider,
                                 net::Signal& stop, std::function<void()> asked) {
  net::Deadline deadline(environment_.loop);
  milliseconds pause = kFirstPause;
  Asked state{.index = index, .provider = provider, .failure = {}, .notes = {}, .is_told = false};
  while (provider.can_list()) {
    const Outcome outcome = co_await refresh(state, stop);
    if (asked) std::exchange(asked, nullptr)();
    if (outcome == Outcome::kFailed) {
      deadline.set_after(with_jitter(pause));
      pause = std::min(2 * pause, kLongestPause);
    } else {
      pause = kFirstPause;
      if (!provider.settings().refresh_models) co_return;
      const milliseconds interval = environment_.server.registry_refresh_interval;
      deadline.set_after(std::max(interval, kFirstPause));
    }
    const net::Woken woken = co_await net::wait_any(environment_.loop, &deadline, stop);
    if (woken.by(stop)) co_return;
  }
  if (provider.settings().is_asleep()) {
    environment_.log.info("provider " + std::string(provider.id()) +
                          " has no key: it serves callers who bring theirs");
  }
  if (asked) asked();
}

Task<Refresher::Outcome> Refresher::refresh(Asked& asked, net::Signal& stop) {
  const config::Server& server = environment_.server;
  const ListRequest request{.loop = environment_.loop,
                            .provider = asked.provider,
                            .data = nullptr,
                            .bounds = ListBounds::of(server.limits),
                            .until = environment_.loop.now() + server.timeouts.model_list,
                            .cancel = stop};
  Models models;
  ListReader::Take take = [&](ListedModel listed) {
    auto model = environment_.registry.listed_model(asked.index, std::move(listed),
                                                    environment_.loop.wall());
    if (model != nullptr) models.push_back(std::move(model));
  };
  Result<ListNotes> notes = co_await list_models(request, std::move(take));
  if (!notes) {
    if (!stop.raised()) failed(asked, notes.error());
    co_return Outcome::kFailed;
  }
  const std::size_t count = models.size();
  for (const std::string& line : environment_.registry.listed(asked.index, std::move(models))) {
    environment_.log.warning(line);
  }
  succeeded(asked, count, *notes);
  co_return Outcome::kListed;
}

void Refresher::failed(Asked& asked, const Error& error) {
  const telemetry::ProviderId id = environment_.metrics.provider(asked.provider.id());
  environment_.metrics.set_provider_up(id, telemetry::ProviderUp::kNo);
  environment_.shard.count_limit(error);
  for (const std::string& line : environment_.registry.list_failed(asked.index, error)) {
    environment_.log.warning(line);
  }
  asked.is_told = false;
  if (std::exchange(asked.failure, error.message) == error.message) return;
  environment_.log.warning("provider " + std::string(asked.provider.id()) + ": the models of " +
                           asked.provider.settings().base_url->text() +
                           " cannot be listed: " + error.message + "; asking again");
}

void Refresher::succeeded(Asked& asked, std::size_t models, const ListNotes& notes) {
  const std::string provider = "provider " + std::string(asked.provider.id());
  const telemetry::ProviderId id = environment_.metrics.provider(asked.provider.id());
  environment_.metrics.set_provider_up(id, telemetry::ProviderUp::kYes);
  for (const Limit limit : notes.limits) environment_.shard.limit_hit(limit);
  const bool has_recovered = !std::exchange(asked.failure, {}).empty();
  if (!std::exchange(asked.is_told, true)) {
    environment_.log.info(
        provider + ": the models of " + asked.provider.settings().base_url->text() +
        (has_recovered ? " can be listed again: " : " are listed: ") + std::to_string(models));
  }
  const std::string text = notes.text();
  if (std::exchange(asked.notes, text) == text || text.empty()) return;
  environment_.log.warning(provider + ": " + text);
}

milliseconds Refresher::with_jitter(milliseconds delay) {
  const auto quarter = static_cast<std::uint64_t>(delay.count() / 4 + 1);
  return delay + milliseconds(environment_.random.next() % quarter);
}

}  // namespace penstock::models
