#pragma once

// Catalog: the models served now, as an immutable snapshot.
//
// Made by the Registry (models/registry.h) whenever something changes and handed to every thread
// as `shared_ptr<const Catalog>`; a request keeps the one that it began with.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.h"
#include "core/result.h"

namespace penstock::models {

struct Model {
  std::string id;               // as it is listed (config/model_name.h)
  std::size_t provider = 0;     // position in Settings::providers
  std::string upstream_id;      // as the upstream names it
  std::string type = "llm";     // llm, embedding or rerank
  bool type_is_stated = false;  // by the configuration or the upstream, not assumed
  std::string metadata = "{}";  // a JSON object
  std::int64_t created = 0;     // seconds since 1970
  // Found by this as well, without being listed; empty: none. What `id` is without its prefix, of a
  // model that was given a name of its own.
  std::string further_name;
};

// A model that is registered and leads nowhere yet: it follows a list that is not known.
struct PendingModel {
  Model model;         // without upstream_id
  std::string reason;  // "provider 'p' has not listed its models"
};

class Catalog {
 public:
  // `models` in the order in which they are listed; of two with the same id the first counts.
  Catalog(std::vector<Model> models, std::shared_ptr<const config::Settings> settings,
          std::vector<PendingModel> pending = {});
  // The index has views into the models.
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  const std::vector<Model>& models() const { return models_; }
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

 private:
  void index_further_names();
  bool is_of_another_provider(const Model& model) const;

  std::vector<Model> models_;
  std::vector<PendingModel> pending_;
  std::shared_ptr<const config::Settings> settings_;
  std::unordered_map<std::string_view, std::size_t> by_name_;  // views into models_
  std::unordered_map<std::string_view, std::size_t> pending_by_name_;
};

// The reference's words; clients match on them.
Error model_not_found(std::string_view name);

}  // namespace penstock::models
