#include "models/catalog.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "config/model_name.h"
#include "models/nearest_model.h"

namespace penstock::models {
namespace {

// How much of a client's name an error message repeats.
constexpr std::size_t kNameShownBytes = 256;

std::size_t further_names_of(const Models& models) {
  const auto has_one = [](const auto& model) { return !model->further_name.empty(); };
  return static_cast<std::size_t>(std::ranges::count_if(models, has_one));
}

}  // namespace

Error model_not_found(std::string_view name) {
  return Error::client(ErrorKind::kModelNotFound,
                       "Model '" + std::string(name.substr(0, kNameShownBytes)) +
                           "' not found. Use 'client.models.list()' to list available Models.");
}

Catalog::Catalog(Models models, std::shared_ptr<const config::Settings> settings,
                 std::vector<PendingModel> pending)
    : models_(std::move(models)),
      pending_(std::move(pending)),
      settings_(std::move(settings)),
      by_name_(models_.size() + further_names_of(models_)) {
  std::erase_if(models_, [&](const std::shared_ptr<const Model>& model) {
    return !by_name_.add(model->id, *model);
  });
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const Model& model = pending_[i].model;
    pending_by_name_.emplace(model.id, i);
    if (!model.further_name.empty()) pending_by_name_.emplace(model.further_name, i);
  }
  index_further_names();
}

// A further name counts only if it is unambiguous: a listed model of that name, another provider's,
// and another provider's prefix take precedence.
void Catalog::index_further_names() {
  // How many providers have a model of a name; counted only for further names.
  std::unordered_map<std::string_view, std::unordered_set<std::size_t>> owners;
  const auto each_registered = [&](auto&& visit) {
    for (const Model& model : models()) visit(model);
    for (const PendingModel& pending : pending_) visit(pending.model);
  };
  each_registered([&](const Model& model) {
    if (!model.further_name.empty()) owners[model.further_name].insert(model.provider);
  });
  if (owners.empty()) return;
  each_registered([&](const Model& model) {
    const std::string& provider_id = settings_->providers[model.provider].id;
    if (!config::has_prefix(model.id, provider_id)) return;
    const auto owner = owners.find(std::string_view(model.id).substr(provider_id.size() + 1));
    if (owner != owners.end()) owner->second.insert(model.provider);
  });
  for (const Model& model : models()) {
    const std::string& name = model.further_name;
    if (name.empty() || owners[name].size() > 1 || is_of_another_provider(model)) continue;
    if (!pending_by_name_.contains(name)) by_name_.add(name, model);
  }
}

bool Catalog::is_of_another_provider(const Model& model) const {
  return std::ranges::any_of(settings_->providers, [&](const config::Provider& provider) {
    return config::has_prefix(model.further_name, provider.id);
  });
}

const Model* Catalog::find(std::string_view name) const {
  return by_name_.find(name);
}

Result<Catalog::Target> Catalog::route(std::string_view name) const {
  if (const Model* model = find(name); model != nullptr) {
    return Target{model->provider, model->upstream_id, model};
  }
  if (pending_by_name_.contains(name)) return failure(not_found(name));
  // Provider ids may contain slashes: the longest match counts.
  std::optional<std::size_t> best;
  const std::vector<config::Provider>& providers = settings_->providers;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const bool fits = config::has_prefix(name, providers[i].id);
    if (fits && (!best || providers[i].id.size() > providers[*best].id.size())) best = i;
  }
  if (!best) return failure(not_found(name));
  const std::string_view upstream_model = name.substr(providers[*best].id.size() + 1);
  if (!providers[*best].allows(upstream_model)) return failure(not_found(name));
  return Target{*best, upstream_model, nullptr};
}

Error Catalog::not_found(std::string_view name) const {
  Error error = model_not_found(name);
  if (const auto pending = pending_by_name_.find(name); pending != pending_by_name_.end()) {
    error.message += " It is registered, but " + pending_[pending->second].reason + ".";
  } else if (const Model* near = nearest_model(models_, name); near != nullptr) {
    error.message += " Did you mean '" + near->id + "'?";
  }
  return error;
}

std::shared_ptr<const std::string> Catalog::rendered() const {
  const std::lock_guard lock(rendered_mutex_);
  return rendered_;
}

std::shared_ptr<const std::string> Catalog::keep_rendered(
    std::shared_ptr<const std::string> text) const {
  const std::lock_guard lock(rendered_mutex_);
  if (rendered_ == nullptr) rendered_ = std::move(text);
  return rendered_;
}

}  // namespace penstock::models
