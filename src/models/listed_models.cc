#include "models/listed_models.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "config/model_name.h"

namespace penstock::models {
namespace {

bool continues(std::string_view longer, std::string_view shorter) {
  return longer.size() > shorter.size() && longer.starts_with(shorter) &&
         longer[shorter.size()] == '/';
}

}  // namespace

ListedModels::ListedModels(std::string provider_id, Models models, const KeyedHash& hash)
    : provider_id_(std::move(provider_id)),
      models_(std::move(models)),
      by_name_(models_.size(), hash) {
  std::erase_if(models_, [&](const std::shared_ptr<const Model>& model) {
    return !by_name_.add(model->upstream_id, *model);
  });
  has_unprefixed_ = std::ranges::any_of(models_, [&](const std::shared_ptr<const Model>& model) {
    return !config::has_prefix(model->id, provider_id_);
  });
  for (const std::shared_ptr<const Model>& model : models_) {
    first_of_type_.try_emplace(model->type, model.get());
  }
}

// The prefix is compared first: it is at hand, and the table is not.
const Model* ListedModels::find(std::string_view id) const {
  if (config::has_prefix(id, provider_id_)) {
    return by_name_.find(config::without_prefix(id, provider_id_));
  }
  if (!has_unprefixed_) return nullptr;
  const Model* model = by_name_.find(id);
  return model != nullptr && model->id == id ? model : nullptr;
}

const Model* ListedModels::first_of_type(std::string_view type) const {
  const auto first = first_of_type_.find(type);
  return first == first_of_type_.end() ? nullptr : first->second;
}

bool may_share_ids(const config::Provider& provider, const config::Provider& other) {
  return continues(provider.id, other.id) || continues(other.id, provider.id) ||
         (!provider.unprefixed_models.empty() && !other.unprefixed_models.empty());
}

namespace {

// Names without a prefix look like no provider's, so only these can be equal to them.
void add_repeated_unprefixed(const ListedModels& earlier, const ListedModels& later,
                             ModelSet& repeated) {
  if (!earlier.has_unprefixed() || !later.has_unprefixed()) return;
  for (const std::shared_ptr<const Model>& model : later.all()) {
    const Model* same = earlier.find(model->id);
    if (same != nullptr && same->id == model->id) repeated.insert(model.get());
  }
}

}  // namespace

// Only the provider with the shorter id can list what begins with the other's.
void add_repeated(const ListedModels& earlier, const ListedModels& later, ModelSet& repeated) {
  add_repeated_unprefixed(earlier, later, repeated);
  const bool later_is_shorter = later.provider_id().size() < earlier.provider_id().size();
  const ListedModels& shorter = later_is_shorter ? later : earlier;
  const ListedModels& longer = later_is_shorter ? earlier : later;
  for (const std::shared_ptr<const Model>& model : shorter.all()) {
    if (!config::has_prefix(model->id, longer.provider_id())) continue;
    const Model* same = longer.find(model->id);
    if (same != nullptr) repeated.insert(later_is_shorter ? model.get() : same);
  }
}

}  // namespace penstock::models
