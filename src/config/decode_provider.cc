#include "config/decode_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/decode_upstream.h"
#include "config/key_name.h"
#include "config/model_name.h"
#include "config/presets.h"

namespace penstock::config {
namespace {

// A provider while its entry is decoded.
struct EntryDraft {
  Provider provider;
  std::optional<Node> config;
};

void decode_provider_id(Decoder& decoder, const Node& node, EntryDraft& draft) {
  Provider& provider = draft.provider;
  store(decoder.text(node), provider.id);
  const bool is_plain = std::all_of(provider.id.begin(), provider.id.end(),
                                    [](char c) { return c > ' ' && c < 0x7F && c != '/'; });
  if (!is_plain) {
    decoder.error(node,
                  "a provider_id must be visible ASCII without spaces and slashes, since "
                  "its models are named provider_id/model");
  } else if (provider.id == kAllProviders) {
    decoder.error(node, "`all` means the first provider and cannot be a provider_id");
  }
}

constexpr std::array kEntryKeys = {
    Key<EntryDraft>{"provider_id", "text", "", decode_provider_id, Use::kRequired},
    Key<EntryDraft>{"provider_type", "text", "", [](Decoder&, const Node&, EntryDraft&) {},
                    Use::kRequired},
    Key<EntryDraft>{"config", "mapping", "{}",
                    [](Decoder&, const Node& node, EntryDraft& draft) { draft.config = node; },
                    Use::kOptional, list_upstream_keys},
    ignored<EntryDraft>("module"),
};

// Checked before the rest of the entry, which may be invalid if it is disabled.
bool is_disabled(Decoder& decoder, const Node& entry, Draft& draft) {
  const Node* node = entry.find("provider_id");
  if (node == nullptr) return false;
  const auto id = decoder.resolved(*node);
  if (!id) {
    draft.provider_ids_incomplete = true;
    return false;
  }
  const bool is_empty = id->kind == Node::Kind::kNull || id->text.empty();
  return id->kind != Node::Kind::kList && id->kind != Node::Kind::kMap &&
         (is_empty || id->text == kDisabledId);
}

void check_that_id_is_new(Decoder& decoder, const Node& entry, const Draft& draft,
                          std::string_view id) {
  const bool repeated =
      !id.empty() && std::ranges::count(draft.settings.providers, id, &Provider::id) > 0;
  if (repeated) {
    decoder.error(*entry.find("provider_id"), "another provider has the same provider_id");
  }
}

void skip_entry(Decoder& decoder, const Node& entry, Draft& draft, const std::string& id,
                std::string_view type) {
  const bool is_switched_off = entry.find("provider_id") != nullptr && id.empty();
  if (is_switched_off) return;
  draft.other_provider_ids.push_back(id);
  decoder.warning(entry, fmt::format("skipped {} of type {}: {}", shown_key(id), shown_key(type),
                                     advice_about(type)));
}

void decode_entry_of_inference(Decoder& decoder, const Node& entry, Draft& draft) {
  if (!decoder.expect_map(entry)) return;
  const std::string id = decoder.text_if_any(entry, "provider_id");
  const std::string type = decoder.text_if_any(entry, "provider_type");
  const Preset* preset = type.empty() ? find_preset(kPassthroughType) : find_preset(type);
  // The rest of a skipped entry, and the variables that it lacks, do not matter.
  if (id == kDisabledId || (preset != nullptr && is_disabled(decoder, entry, draft))) return;
  if (preset == nullptr) return skip_entry(decoder, entry, draft, id, type);
  check_that_id_is_new(decoder, entry, draft, id);
  EntryDraft made;
  made.provider.type = preset->type;
  decode_section<EntryDraft>(decoder, entry, kEntryKeys, made);
  decode_upstream(decoder, entry, made.config ? &*made.config : nullptr, *preset, made.provider);
  draft.settings.providers.push_back(std::move(made.provider));
}

void decode_inference(Decoder& decoder, const Node& node, Draft& draft) {
  const auto entries = decoder.list(node);
  if (!entries) return;
  for (const Node& entry : *entries) decode_entry_of_inference(decoder, entry, draft);
  if (entries->empty() || !draft.settings.providers.empty()) return;
  decoder.conclude(fmt::format(
      "none of the {} inference providers of this file can be served: each is skipped or disabled "
      "(see above). Add at least one of another type; most services with an OpenAI-compatible API "
      "work with {}, given their base_url and api_key",
      entries->size(), kPassthroughType));
}

// Every API of Llama Stack and OGX, of all versions whose files may be used here.
constexpr std::array kProvidersKeys = {
    Key<Draft>{"inference", "list", "[]", decode_inference, Use::kOptional,
               [](const std::string& path, KnownKeys& out) {
                 list_section<EntryDraft>(path + "[]", kEntryKeys, out);
               }},
    ignored<Draft>("agents"),
    ignored<Draft>("batches"),
    ignored<Draft>("connectors"),
    ignored<Draft>("container_runtime"),
    ignored<Draft>("containers"),
    ignored<Draft>("conversations"),
    ignored<Draft>("datasetio"),
    ignored<Draft>("eval"),
    ignored<Draft>("file_processors"),
    ignored<Draft>("files"),
    ignored<Draft>("interactions"),
    ignored<Draft>("memory"),
    ignored<Draft>("messages"),
    ignored<Draft>("post_training"),
    ignored<Draft>("prompts"),
    ignored<Draft>("responses"),
    ignored<Draft>("safety"),
    ignored<Draft>("scoring"),
    ignored<Draft>("skills"),
    ignored<Draft>("synthetic_data_generation"),
    ignored<Draft>("telemetry"),
    ignored<Draft>("tool_runtime"),
    ignored<Draft>("vector_io"),
};

}  // namespace

void decode_providers(Decoder& decoder, const Node& node, Draft& draft) {
  decode_section<Draft>(decoder, node, kProvidersKeys, draft);
  const Node* inference = decoder.given(node, "inference");
  if (inference == nullptr || inference->children.empty()) {
    decoder.warning_at_key(node, "there is no inference provider, so no model is served");
  }
}

void list_providers_keys(const std::string& path, KnownKeys& out) {
  list_section<Draft>(path, kProvidersKeys, out);
}

}  // namespace penstock::config
