#pragma once

// Catalog: an immutable snapshot of the models served.
//
// Built by the Registry (models/registry.h) whenever something changes, and passed to every thread
// as `shared_ptr<const Catalog>`; a request keeps the one that it started with.

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
#include "models/model.h"
#include "models/name_index.h"

namespace penstock::models {

// A registered model that cannot be served yet: it follows a list that is unknown.
struct PendingModel {
  Model model;         // without upstream_id
  std::string reason;  // "provider 'p' has not listed its models"
};

class Catalog {
 public:
  // `models` in the order of the list; of two with the same id the first counts.
  Catalog(Models models, std::shared_ptr<const config::Settings> settings,
          std::vector<PendingModel> pending = {});
  // Not copyable: it holds views into itself, and a lock.
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // As a range of `const Model&`.
  auto models() const {
    return models_ |
           std::views::transform(
               [](const std::shared_ptr<const Model>& model) -> const Model& { return *model; });
  }
  // By id, or by further name if no other provider has a model of that name.
  const Model* find(std::string_view name) const;

  struct Target {
    std::size_t provider = 0;
    std::string_view upstream_model;  // a view into `name` or into this catalog
    const Model* model = nullptr;     // null if the name is routed without being registered
  };
  // The destination of a request for `name`: a registered model, or `provider_id/anything` if the
  // provider's allow-list permits it. Fails with kModelNotFound.
  Result<Target> route(std::string_view name) const;

  // The error for an unknown name: the reference's words, and a suggestion.
  Error not_found(std::string_view name) const;

  // The rendered list of these models, as every caller gets it. The gateway renders it when it is
  // first needed; all threads and answers share it. Null until then. If two are set at the same
  // time, the first is kept and returned.
  std::shared_ptr<const std::string> rendered() const;
  std::shared_ptr<const std::string> keep_rendered(std::shared_ptr<const std::string> text) const;

 private:
  void index_further_names();
  bool is_of_another_provider(const Model& model) const;

  Models models_;
  std::vector<PendingModel> pending_;
  std::shared_ptr<const config::Settings> settings_;
  // Views into the models.
  NameIndex by_name_;
  std::unordered_map<std::string_view, std::size_t> pending_by_name_;

  mutable std::mutex rendered_mutex_;  // held only to copy the pointer
  mutable std::shared_ptr<const std::string> rendered_;
};

// The reference's words; clients match on them.
Error model_not_found(std::string_view name);

}  // namespace penstock::models
