#include "models/catalog.h"

#include <algorithm>
#include <utility>

namespace penstock::models {
namespace {

// What an error message repeats of a name that a client has sent.
constexpr std::size_t kNameShownBytes = 256;

}  // namespace

Error model_not_found(std::string_view name) {
  return Error::client(ErrorKind::kModelNotFound,
                       "Model '" + std::string(name.substr(0, kNameShownBytes)) +
                           "' not found. Use 'client.models.list()' to list available Models.");
}

Catalog::Catalog(std::vector<Model> models, std::shared_ptr<const config::Settings> settings)
    : models_(std::move(models)), settings_(std::move(settings)) {
  by_id_.reserve(models_.size());
  for (std::size_t i = 0; i < models_.size(); ++i) by_id_.emplace(models_[i].id, i);
}

const Model* Catalog::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &models_[found->second];
}

Result<Catalog::Target> Catalog::route(std::string_view name) const {
  if (const Model* model = find(name); model != nullptr) {
    return Target{model->provider, model->upstream_id, model};
  }
  // Provider ids may contain slashes: the longest one that fits is meant.
  std::optional<std::size_t> best;
  const std::vector<config::Provider>& providers = settings_->providers;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const std::string& id = providers[i].id;
    const bool fits = name.size() > id.size() + 1 && name.starts_with(id) && name[id.size()] == '/';
    if (fits && (!best || id.size() > providers[*best].id.size())) best = i;
  }
  if (!best) return failure(model_not_found(name));
  const std::string_view upstream_model = name.substr(providers[*best].id.size() + 1);
  if (!providers[*best].allows(upstream_model)) return failure(model_not_found(name));
  return Target{*best, upstream_model, nullptr};
}

}  // namespace penstock::models
