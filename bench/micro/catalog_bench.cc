// Finding the target of a request's model.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "models/catalog.h"

namespace penstock::models {
namespace {

std::shared_ptr<const Catalog> catalog_of(std::int64_t count) {
  auto settings = std::make_shared<config::Settings>();
  settings->providers.emplace_back().id = "passthrough";
  Models models;
  for (std::int64_t i = 0; i < count; ++i) {
    Model model;
    model.upstream_id = "model-" + std::to_string(i);
    model.id = "passthrough/" + model.upstream_id;
    models.push_back(std::make_shared<const Model>(std::move(model)));
  }
  const KeyedHash hash;
  auto listed = std::make_shared<const ListedModels>("passthrough", std::move(models), hash);
  Catalog::Contents contents;
  contents.listed.push_back({std::move(listed), nullptr});
  return std::make_shared<const Catalog>(std::move(contents), std::move(settings), hash);
}

void listed_model(benchmark::State& state) {
  const std::shared_ptr<const Catalog> catalog = catalog_of(state.range(0));
  const std::string name = "passthrough/model-0";
  for (auto _ : state) benchmark::DoNotOptimize(catalog->route(name));
}
BENCHMARK(listed_model)->Arg(10)->Arg(10'000);

void unlisted_model(benchmark::State& state) {
  const std::shared_ptr<const Catalog> catalog = catalog_of(state.range(0));
  const std::string name = "passthrough/some-other-model";
  for (auto _ : state) benchmark::DoNotOptimize(catalog->route(name));
}
BENCHMARK(unlisted_model)->Arg(10'000);

}  // namespace
}  // namespace penstock::models
