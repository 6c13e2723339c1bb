#include "config/decode_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/decode_provider.h"
#include "config/key_name.h"
#include "config/metadata.h"
#include "config/model_name.h"
#include "config/shared_names.h"

namespace penstock::config {
namespace {

template <std::string Model::* field>
void decode_id(Decoder& decoder, const Node& node, Model& model) {
  store(decoder.text(node), model.*field);
  const std::string_view fault = fault_of_model_name(model.*field);
  if (!fault.empty()) decoder.error(node, fault);
}

void decode_provider_model_id(Decoder& decoder, const Node& node, Model& model) {
  decode_id<&Model::provider_model_id>(decoder, node, model);
  model.follows_list = model.provider_model_id == kFirstListedModel;
}

// The alias marker is an instruction to the server, not part of the model's metadata.
void decode_metadata(Decoder& decoder, const Node& node, Model& model) {
  if (!decoder.expect_map(node)) return;
  if (const Node* marker = decoder.given(node, kUnprefixedAliasKey)) {
    const auto value = decoder.resolved(*marker);
    if (value) store(decoder.boolean(*value), model.unprefixed_alias);
  }
  Node shown = node;
  std::erase_if(shown.children, [](const Node& entry) { return entry.key == kUnprefixedAliasKey; });
  model.metadata = metadata_json(decoder, shown);
}

constexpr std::array<std::string_view, 3> kModelTypes = {"llm", "embedding", "rerank"};

constexpr std::array kModelKeys = {
    Key<Model>{"model_id", "text", "", decode_id<&Model::id>, Use::kRequired},
    Key<Model>{"provider_id", "text", "none",
               [](Decoder& decoder, const Node& node, Model& model) {
                 store(decoder.text(node), model.provider_id);
               }},
    Key<Model>{"provider_model_id", "text", "none", decode_provider_model_id},
    Key<Model>{"model_type", "llm, embedding or rerank", "llm",
               [](Decoder& decoder, const Node& node, Model& model) {
                 const auto index = decoder.choice(node, kModelTypes);
                 if (index) model.type = kModelTypes[*index];
               }},
    Key<Model>{"metadata", "mapping", "{}", decode_metadata},
    ignored<Model>("model_validation"),
};

// An id that is written but resolves to nothing, or a disabled provider: the entry is conditional
// and its condition is false.
bool is_skipped(Decoder& decoder, const Node& entry) {
  for (std::string_view key : {"model_id", "provider_id"}) {
    const Node* node = entry.find(key);
    if (node == nullptr) continue;
    const auto id = decoder.resolved(*node);
    if (!id) continue;
    const bool is_scalar = id->kind == Node::Kind::kScalar;
    if (id->kind == Node::Kind::kNull || (is_scalar && id->text.empty())) return true;
    if (is_scalar && key == "provider_id" && id->text == kDisabledId) return true;
  }
  return false;
}

std::vector<std::string_view> known_provider_ids(const Draft& draft) {
  std::vector<std::string_view> ids;
  for (const Provider& provider : draft.settings.providers) ids.push_back(provider.id);
  ids.push_back(kAllProviders);
  return ids;
}

bool contains(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// `node` is the model's mapping.
void settle_provider(Decoder& decoder, const Node& node, const Draft& draft, Model& model) {
  const std::vector<Provider>& providers = draft.settings.providers;
  const Node* id_node = decoder.given(node, "provider_id");
  if (id_node == nullptr) {
    if (providers.size() == 1) {
      model.provider_id = providers.front().id;
    } else if (!draft.provider_ids_incomplete) {
      decoder.error(node,
                    "the key `provider_id` is missing; it may be omitted only if there is "
                    "exactly one provider");
    }
    return;
  }
  const std::vector<std::string_view> known = known_provider_ids(draft);
  const bool is_known = std::find(known.begin(), known.end(), model.provider_id) != known.end();
  if (is_known || model.provider_id.empty() || draft.provider_ids_incomplete) return;
  decoder.error(*id_node, fmt::format("there is no provider with this provider_id; {}",
                                      suggestion(model.provider_id, known)));
}

constexpr std::array kResourcesKeys = {
    Key<Draft>{"models", "list", "[]", decode_models, Use::kOptional, list_models_keys},
    ignored<Draft>("benchmarks"),
    ignored<Draft>("datasets"),
    ignored<Draft>("scoring_fns"),
    ignored<Draft>("shields"),
    ignored<Draft>("tool_groups"),
    ignored<Draft>("vector_dbs"),
    ignored<Draft>("vector_stores"),
};

}  // namespace

void decode_models(Decoder& decoder, const Node& node, Draft& draft) {
  const auto entries = decoder.list(node);
  if (!entries) return;
  for (const Node& entry : *entries) {
    if (!decoder.expect_map(entry)) continue;
    if (contains(draft.other_provider_ids, decoder.text_if_any(entry, "provider_id"))) {
      decoder.warning(entry, "skipped: its provider is not served");
      draft.skipped_names.push_back(decoder.text_if_any(entry, "model_id"));
      continue;
    }
    if (is_skipped(decoder, entry)) continue;
    Model model;
    decode_section<Model>(decoder, entry, kModelKeys, model);
    if (model.provider_model_id.empty()) model.provider_model_id = model.id;
    draft.settings.models.push_back(std::move(model));
    draft.model_nodes.push_back(entry);
  }
}

void list_models_keys(const std::string& path, KnownKeys& out) {
  list_section<Model>(path + "[]", kModelKeys, out);
}

void decode_registered_resources(Decoder& decoder, const Node& node, Draft& draft) {
  decode_section<Draft>(decoder, node, kResourcesKeys, draft);
}

void list_registered_resources_keys(const std::string& path, KnownKeys& out) {
  list_section<Draft>(path, kResourcesKeys, out);
}

namespace {

// Valid, but probably not what was meant.
void warn_of(Decoder& decoder, const Node& node, const Draft& draft, const Model& model) {
  const Node* metadata = decoder.given(node, "metadata");
  const bool has_dimension =
      metadata != nullptr && decoder.given(*metadata, "embedding_dimension") != nullptr;
  if (model.type == "embedding" && !has_dimension) {
    decoder.warning(node,
                    "an embedding model without metadata.embedding_dimension: clients that create "
                    "vector stores need it");
  }
  const std::vector<Provider>& providers = draft.settings.providers;
  const auto index = provider_of(model, providers);
  if (!index) return;
  const Provider* provider = &providers[*index];
  if (model.follows_list && (!provider->base_url || provider->is_asleep())) {
    decoder.warning(node,
                    fmt::format("not served: {} has no {}, so its first listed model is "
                                "unknown",
                                shown_key(provider->id), provider->base_url ? "key" : "base_url"));
  }
  const bool is_fixed = !model.follows_list && model.provider_id != kAllProviders;
  if (is_fixed && !provider->allows(model.upstream_id())) {
    decoder.warning(node, fmt::format("not served: the allowed_models of {} do not include {}",
                                      shown_key(provider->id), shown_key(model.upstream_id())));
  }
}

using ByName = std::unordered_map<std::string, std::vector<std::size_t>>;

// `names`: the full names of all models.
void settle_shared_ids(Draft& draft, const ByName& names) {
  const std::vector<Model>& models = draft.settings.models;
  std::map<std::string, std::vector<std::size_t>> ids;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i].id.empty() && !names.contains(models[i].id)) ids[models[i].id].push_back(i);
  }
  for (const auto& [id, sharing] : ids) {
    if (sharing.size() > 1) settle_shared_id(draft, id, sharing);
  }
}

}  // namespace

void settle_models(Decoder& decoder, Draft& draft) {
  std::vector<Model>& models = draft.settings.models;
  ByName names;
  for (std::size_t i = 0; i < models.size(); ++i) {
    Model& model = models[i];
    const Node& node = draft.model_nodes[i];
    settle_provider(decoder, node, draft, model);
    if (model.id.empty()) continue;
    names[identifier(model)].push_back(i);
    warn_of(decoder, node, draft, model);
  }
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].id.empty()) continue;
    const std::string name = identifier(models[i]);
    const std::vector<std::size_t>& named = names.at(name);
    const bool is_first = named.front() == i;
    if (is_first && named.size() > 1) settle_shared_name(decoder, draft, name, named);
  }
  settle_shared_ids(draft, names);
}

}  // namespace penstock::config
