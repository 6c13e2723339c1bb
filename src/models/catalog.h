#pragma once

// Catalog: an immutable snapshot of the models served.
//
// A catalog also has the names of model routes, for lists and look-ups: such a model is shown as
// its first target. Which target gets a request is not decided here, so route() does not know them.
//
// Built by the Registry (models/registry.h) whenever something changes, and passed to every thread
// as `shared_ptr<const Catalog>`; a request keeps the one that it started with. Building one costs
// time for each registered model, and none for listed ones: catalogs share the providers' lists
// (models/listed_models.h).

#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "models/listed_models.h"
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
  // What a provider lists.
  struct Listed {
    std::shared_ptr<const ListedModels> models;  // not null
    // Those of them whose ids an earlier provider lists too; null: none.
    std::shared_ptr<const ModelSet> repeated;
  };
  // In the order of the list: registered models precede listed ones. Of two with the same id the
  // first counts.
  struct Contents {
    Models registered = {};
    std::vector<PendingModel> pending = {};
    std::vector<Listed> listed = {};  // by provider
    // The names of model routes that are shown, before all others. They hide models of the same id.
    Models routed = {};
  };
  // `hash` is the one of the lists.
  Catalog(Contents contents, std::shared_ptr<const config::Settings> settings,
          const KeyedHash& hash);
  // Not copyable: it holds views into itself, and a lock.
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // As a range of `const Model&`, each id once.
  auto models() const {
    return parts_ | std::views::join |
           std::views::filter(
               [this](const std::shared_ptr<const Model>& model) { return !is_hidden(*model); }) |
           std::views::transform(
               [](const std::shared_ptr<const Model>& model) -> const Model& { return *model; });
  }
  // How many of them a provider has.
  std::size_t count_of(std::size_t provider) const { return counts_[provider]; }
  // A provider's list, with the models in it that are not among models() because of their id.
  const ListedModels& listed(std::size_t provider) const { return *listed_[provider].models; }
  // By id, or by further name if no other provider has a model of that name. Also model routes.
  const Model* find(std::string_view name) const;

  struct Target {
    std::size_t provider = 0;
    std::string_view upstream_model;  // a view into `name` or into this catalog
    const Model* model = nullptr;     // null if the name is routed without being registered
  };
  // The destination of a request for `name`: a registered model, or `provider_id/anything` if the
  // provider's allow-list permits it. Fails with kModelNotFound.
  Result<Target> route(std::string_view name) const;
  // The same for a request that names its provider: a model of that provider, whose name may lack
  // the provider's prefix, or anything that its allow-list permits.
  Result<Target> route_at(std::size_t provider, std::string_view name) const;

  // The inverse: a name that leads to that model of that provider, a registered one if there is
  // one; nullopt if no name does.
  std::optional<std::string> name_of(std::size_t provider, std::string_view upstream_model) const;

  // The error for an unknown name: the reference's words, and a suggestion.
  Error not_found(std::string_view name) const;

  // The rendered list of these models, as every caller gets it. The gateway renders it when it is
  // first needed; all threads and answers share it. Null until then. If two are set at the same
  // time, the first is kept and returned.
  std::shared_ptr<const std::string> rendered() const;
  std::shared_ptr<const std::string> keep_rendered(std::shared_ptr<const std::string> text) const;

 private:
  // The one provider that has models of a further name, unless there are several.
  struct Owner {
    std::size_t provider = 0;
    bool is_alone = true;
    void note(std::size_t other) { is_alone = is_alone && other == provider; }
  };
  using Owners = std::unordered_map<std::string_view, Owner, KeyedHash>;

  void hide_and_count();
  void hide_behind_routes();
  // As find(), without model routes.
  const Model* find_model(std::string_view name) const;
  void index_further_names();
  Owners owners_of_further_names() const;
  bool is_of_another_provider(const Model& model) const;
  const Model* find_listed(std::string_view id) const;
  // Whether a provider other than the model's lists a model of that name.
  bool others_list(std::string_view name, std::size_t hash, const Model& model) const;
  bool is_hidden(const Model& model) const;
  // A model that has this name after a provider's prefix.
  const Model* find_under_any_prefix(std::string_view name) const;
  const Model* find_near(std::string_view name) const;

  Models routed_;
  Models registered_;
  std::vector<PendingModel> pending_;
  std::vector<Listed> listed_;
  std::shared_ptr<const config::Settings> settings_;
  const KeyedHash hash_;
  // Each holds views into the models that it finds.
  NameIndex routed_by_name_;
  NameIndex registered_by_name_;
  std::unordered_map<std::string_view, std::size_t, KeyedHash> pending_by_name_;
  // Listed models whose ids registered ones have, and those whose ids model routes have.
  ModelSet hidden_;
  // All models, the hidden and repeated ones too.
  std::vector<std::span<const std::shared_ptr<const Model>>> parts_;
  std::vector<std::size_t> counts_;  // by provider

  mutable std::mutex rendered_mutex_;  // held only to copy the pointer
  mutable std::shared_ptr<const std::string> rendered_;
};

// The reference's words; clients match on them.
Error model_not_found(std::string_view name);

}  // namespace penstock::models
