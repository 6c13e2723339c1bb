#pragma once

// ListedModels: the models of one provider's list, with what is looked up in them.
//
// A list may be long. It is indexed once, when it arrives; then it is immutable, and every catalog
// has the same one until the provider lists again.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "config/settings.h"
#include "models/keyed_hash.h"
#include "models/model.h"
#include "models/name_index.h"

namespace penstock::models {

class ListedModels {
 public:
  // `models` in the order of the list, with ids by config::listed_name(). Of two with the same
  // upstream id the first counts. All lists of a catalog have the same hash.
  ListedModels(std::string provider_id, Models models, const KeyedHash& hash);
  // Not copyable: it holds views into itself.
  ListedModels(const ListedModels&) = delete;
  ListedModels& operator=(const ListedModels&) = delete;

  const std::string& provider_id() const { return provider_id_; }
  const Models& all() const { return models_; }

  // By id, or by `provider_id/upstream_id`; null if it is not listed.
  const Model* find(std::string_view id) const;
  // Whether some ids are without the provider's prefix.
  bool has_unprefixed() const { return has_unprefixed_; }
  // By the upstream's id, with the hash of that.
  const Model* find_without_prefix(std::string_view name, std::size_t hash) const {
    return by_name_.find(name, hash);
  }
  // Null if there is none.
  const Model* first_of_type(std::string_view type) const;

 private:
  std::string provider_id_;
  Models models_;
  NameIndex by_name_;  // the upstream's ids
  bool has_unprefixed_ = false;
  std::map<std::string_view, const Model*> first_of_type_;
};

using ModelSet = std::unordered_set<const Model*>;

// Whether lists of these providers can have the same id: provider "a" may list "b/x", and provider
// "a/b" may list "x"; and both may list names without a prefix.
bool may_share_ids(const config::Provider& provider, const config::Provider& other);

// Adds the models of `later` whose ids `earlier` has too.
void add_repeated(const ListedModels& earlier, const ListedModels& later, ModelSet& repeated);

}  // namespace penstock::models
