#include "app/worker_generation.h"

#include <string>
#include <string_view>
#include <utility>

#include "app/routes.h"

namespace penstock::app {

WorkerGeneration::WorkerGeneration(const Environment& environment,
                                   std::shared_ptr<Generation> generation,
                                   const WorkerGeneration* earlier)
    : environment_(environment),
      generation_(std::move(generation)),
      access_log_shard_(*generation_->access_log, &generation_->confidential->credentials),
      providers_(make_providers(earlier)),
      catalog_(generation_->registry.catalog()),
      chooser_(generation_->router == nullptr
                   ? nullptr
                   : std::make_shared<routing::Chooser>(generation_->router, environment.random)),
      model_list_(environment.loop, generation_->confidential->credentials,
                  generation_->settings->providers),
      services_({.upstreams = {.settings = generation_->settings->providers,
                               .providers = providers_,
                               .catalog = catalog_,
                               .chooser = chooser_,
                               .pins = generation_->pins},
                 .registry = generation_->registry,
                 .model_list = model_list_,
                 .routes = routes_,
                 .server = generation_->settings->server,
                 .readiness = environment.readiness,
                 .pulse = environment.pulse,
                 .metrics = environment.metrics,
                 .shard = environment.shard,
                 .access_log = *generation_->access_log,
                 .reloader = environment.reloader}),
      routes_(routes_of(services_)),
      gateway_({.settings = *generation_->settings,
                .labels = generation_->labels,
                .accounts = generation_->accounts,
                .estimator = environment.estimator,
                .loop = environment.loop,
                .scratch = environment.scratch,
                .random = environment.random,
                .memory = environment.memory,
                .confidential = *generation_->confidential,
                .routes = routes_,
                .readiness = environment.readiness,
                .log = environment.log,
                .shard = environment.shard,
                .access_log = *generation_->access_log,
                .access_log_shard = access_log_shard_,
                .listener = environment.listener,
                .open_exchanges = &environment.open_exchanges}),
      refresher_({.loop = environment.loop,
                  .random = environment.random,
                  .registry = generation_->registry,
                  .metrics = environment.metrics,
                  .shard = environment.shard,
                  .log = environment.log,
                  .server = generation_->settings->server}),
      checks_({.loop = environment.loop,
               .random = environment.random,
               .scratch = environment.scratch,
               .providers = providers_,
               .router = generation_->router,
               .log = environment.log}),
      background_(environment.loop, [&log = environment.log](std::string_view what) {
        log.error("a task ended with an exception: " + std::string(what));
      }) {}

WorkerGeneration::Providers WorkerGeneration::make_providers(
    const WorkerGeneration* earlier) const {
  const config::Settings& settings = *generation_->settings;
  Providers made;
  for (std::size_t i = 0; i < settings.providers.size(); ++i) {
    made.push_back(providers::make_provider(settings.providers[i], settings.server,
                                            {.pools = pools_of(i, earlier),
                                             .log = &environment_.log,
                                             .report = generation_->reports[i]}));
  }
  return made;
}

std::shared_ptr<providers::OriginPools> WorkerGeneration::pools_of(
    std::size_t provider, const WorkerGeneration* earlier) const {
  const std::shared_ptr<const UpstreamConnections>& connections = generation_->upstreams[provider];
  for (std::size_t i = 0; earlier != nullptr && i < earlier->providers_.size(); ++i) {
    if (earlier->generation_->upstreams[i] != connections) continue;
    return earlier->providers_[i]->shared_pools();
  }
  return std::make_shared<providers::OriginPools>(providers::OriginPools::Environment{
      .loop = environment_.loop,
      .connector = environment_.connector,
      .scratch = environment_.scratch,
      .tls = connections->tls,
      .limit = connections->limit,
      .proxies = generation_->settings->providers[provider].proxies,
      .proxy_tls = connections->proxy_tls});
}

void WorkerGeneration::publish(std::shared_ptr<const models::Catalog> catalog) {
  catalog_ = std::move(catalog);
  environment_.memory.note_work();
}

void WorkerGeneration::keep_models_fresh(std::function<void()> all_asked) {
  providers_to_ask_ = providers_.size();
  if (providers_to_ask_ == 0) all_asked();
  checks_.start(background_, ending_);
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    auto asked = [this, all_asked] {
      if (--providers_to_ask_ == 0) all_asked();
    };
    background_.spawn(refresher_.keep_fresh(i, *providers_[i], ending_, std::move(asked)));
  }
}

Task<void> WorkerGeneration::end_background() {
  ending_.raise();
  co_await background_.join();
}

std::size_t WorkerGeneration::tidy() {
  access_log_shard_.flush();
  std::size_t resting = 0;
  for (const auto& provider : providers_) resting += provider->close_expired();
  return resting;
}

void WorkerGeneration::close_idle() {
  for (const auto& provider : providers_) provider->close_idle();
}

void WorkerGeneration::close_own_idle() {
  for (const auto& provider : providers_) {
    if (provider->shared_pools().use_count() == 1) provider->close_idle();
  }
}

}  // namespace penstock::app
