#pragma once

// Catalog: the models served now, as an immutable snapshot.
//
// Made by the Registry (models/registry.h) whenever something changes and handed to every thread
// as `shared_ptr<const Catalog>`; a request keeps the one that it began with.

#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "models/keyed_hash.h"
#include "models/model.h"

namespace penstock::models {

// A model that is registered and leads nowhere yet: it follows a list that is not known.
struct PendingModel {
  Model model;         // without upstream_id
  std::string reason;  // "provider 'p' has not listed its models"
};

class Catalog {
 public:
  // `models` in the order in which they are listed; of two with the same id the first stays.
  Catalog(Models models, std::shared_ptr<const config::Settings> settings,
          std::vector<PendingModel> pending = {});
  // A text that is made of it is kept with it, and has a lock.
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // As a range of `const Model&`.
  auto models() const {
    return models_ |
           std::views::transform(
               [](const std::shared_ptr<const Model>& model) -> const Model& { return *model; });
  }
  // By its id, or by its further name where no other provider has a model of that name.
  const Model* find(std::string_view name) const;

  struct Target {
    std::size_t provider = 0;
    std::string_view upstream_model;  // a view into `name` or into this catalog
    const Model* model = nullptr;     // null where the name is routed without being registered
  };
  // Where a request for `name` goes: a registered model, or `provider_id/anything` where the
  // provider's allow-list lets it. Fails with kModelNotFound.
  Result<Target> route(std::string_view name) const;

  // The error for a name that leads nowhere: the reference's words, and what helps.
  Error not_found(std::string_view name) const;

  // The list of these models as it is answered to everybody, made by whoever needs it first (that
  // is the gateway's to do) and shared by all threads and answers. Null until then; of two that
  // were made at the same time the first is kept, and given back.
  std::shared_ptr<const std::string> rendered() const;
  std::shared_ptr<const std::string> keep_rendered(std::shared_ptr<const std::string> text) const;

 private:
  void index_further_names();
  bool is_of_another_provider(const Model& model) const;

  Models models_;
  std::vector<PendingModel> pending_;
  std::shared_ptr<const config::Settings> settings_;
  // Views into the models.
  std::unordered_map<std::string_view, const Model*, KeyedHash> by_name_;
  std::unordered_map<std::string_view, std::size_t> pending_by_name_;

  mutable std::mutex rendered_mutex_;  // held to copy the pointer only
  mutable std::shared_ptr<const std::string> rendered_;
};

// The reference's words; clients match on them.
Error model_not_found(std::string_view name);

}  // namespace penstock::models
