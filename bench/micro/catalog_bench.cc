// Finding the target of a request's model.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "models/catalog.h"

namespace penstock::models {
namespace {

Catalog catalog_of(std::int64_t count) {
  auto settings = std::make_shared<config::Settings>();
  settings->providers.emplace_back().id = "passthrough";
  std::vector<Model> models;
  for (std::int64_t i = 0; i < count; ++i) {
    Model model;
    model.upstream_id = "model-" + std::to_string(i);
    model.id = "passthrough/" + model.upstream_id;
    models.push_back(model);
  }
  return Catalog(std::move(models), std::move(settings));
}

void registered_model(benchmark::State& state) {
  const Catalog catalog = catalog_of(state.range(0));
  const std::string name = "passthrough/model-0";
  for (auto _ : state) benchmark::DoNotOptimize(catalog.route(name));
}
BENCHMARK(registered_model)->Arg(10)->Arg(10'000);

void unregistered_model(benchmark::State& state) {
  const Catalog catalog = catalog_of(state.range(0));
  const std::string name = "passthrough/some-other-model";
  for (auto _ : state) benchmark::DoNotOptimize(catalog.route(name));
}
BENCHMARK(unregistered_model)->Arg(10'000);

}  // namespace
}  // namespace penstock::models
