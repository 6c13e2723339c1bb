#include "models/listed_models.h"

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
    return !by_name_.add(config::without_prefix(model->id, provider_id_), *model);
  });
  for (const std::shared_ptr<const Model>& model : models_) {
    first_of_type_.try_emplace(model->type, model.get());
  }
}

// The prefix is compared first: it is at hand, and the table is not.
const Model* ListedModels::find(std::string_view id) const {
  if (!config::has_prefix(id, provider_id_)) return nullptr;
  return by_name_.find(config::without_prefix(id, provider_id_));
}

const Model* ListedModels::first_of_type(std::string_view type) const {
  const auto first = first_of_type_.find(type);
  return first == first_of_type_.end() ? nullptr : first->second;
}

bool may_share_ids(std::string_view provider_id, std::string_view other_id) {
  return continues(provider_id, other_id) || continues(other_id, provider_id);
}

// Only the provider with the shorter id can list what begins with the other's.
void add_repeated(const ListedModels& earlier, const ListedModels& later, ModelSet& repeated) {
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
