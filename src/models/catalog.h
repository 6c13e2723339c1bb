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
  std::string id;               // as clients name it: provider_id/upstream_id, or an alias
  std::size_t provider = 0;     // position in Settings::providers
  std::string upstream_id;      // as the upstream names it
  std::string type = "llm";     // llm, embedding or rerank
  bool type_is_stated = false;  // by the configuration or the upstream, not assumed
  std::string metadata = "{}";  // a JSON object
  std::int64_t created = 0;     // seconds since 1970
};

class Catalog {
 public:
  // `models` in the order in which they are listed; of two with the same id the first counts.
  Catalog(std::vector<Model> models, std::shared_ptr<const config::Settings> settings);

  const std::vector<Model>& models() const { return models_; }
  const Model* find(std::string_view id) const;

  struct Target {
    std::size_t provider = 0;
    std::string_view upstream_model;  // a view into `name` or into this catalog
    const Model* model = nullptr;     // null where the name is routed without being registered
  };
  // Where a request for `name` goes: a registered model, or `provider_id/anything` where the
  // provider's allow-list lets it. Fails with kModelNotFound.
  Result<Target> route(std::string_view name) const;

 private:
  std::vector<Model> models_;
  std::shared_ptr<const config::Settings> settings_;
  std::unordered_map<std::string_view, std::size_t> by_id_;  // views into models_
};

// The reference's words; clients match on them.
Error model_not_found(std::string_view name);

}  // namespace penstock::models
