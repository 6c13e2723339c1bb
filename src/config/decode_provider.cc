#include "config/decode_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/decode_network.h"
#include "config/forward_headers.h"
#include "config/key_text.h"
#include "config/model_name.h"
#include "config/shown_config.h"
#include "config/url.h"
#include "core/text.h"

namespace penstock::config {
namespace {

// Unchanged; decode_config() completes its path when all keys are known.
void decode_base_url(Decoder& decoder, const Node& node, Provider& provider) {
  const auto text = decoder.text(node);
  if (!text) return;
  const auto url = parse_base_url(*text, BasePath::kAsWritten);
  if (url) {
    provider.base_url = *url;
  } else {
    decoder.error(node, url.error().message);
  }
}

void decode_append_v1(Decoder& decoder, const Node& node, Provider& provider) {
  const auto append = decoder.boolean(node);
  if (append) provider.base_path = *append ? BasePath::kEndsInV1 : BasePath::kAsWritten;
}

void decode_query(Decoder& decoder, const Node& node, Provider& provider) {
  if (!decoder.expect_map(node)) return;
  for (const Node& entry : node.children) {
    const auto value = decoder.resolved(entry);
    if (!value || value->kind == Node::Kind::kNull) continue;
    if (entry.key.empty()) decoder.error_at_key(entry, "expected the name of a parameter");
    if (auto text = decoder.text(*value)) {
      provider.query.push_back({entry.key, Secret(std::move(*text))});
    }
  }
}

// The key becomes part of a header field.
void decode_api_key(Decoder& decoder, const Node& node, Provider& provider) {
  const auto text = decoder.text(node);
  if (!text) return;
  const std::string_view fault = fault_of_key_text(*text);
  if (!fault.empty()) return decoder.error(node, fault);
  provider.api_key = Secret(*text);
}

void decode_allowed_models(Decoder& decoder, const Node& node, Provider& provider) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  provider.allowed_models.emplace();
  for (const Node& item : *items) {
    if (auto id = decoder.text(item)) provider.allowed_models->push_back(std::move(*id));
  }
}

// The names are checked in check_forward_headers(), when extra_blocked_headers is known as well.
void decode_forward_headers(Decoder& decoder, const Node& node, Provider& provider) {
  if (!decoder.expect_map(node)) return;
  for (const Node& entry : node.children) {
    const auto value = decoder.resolved(entry);
    if (!value || value->kind == Node::Kind::kNull) continue;
    const auto header = decoder.text(*value);
    if (header) provider.forward_headers.push_back({entry.key, std::string(trim(*header))});
  }
}

void decode_extra_blocked_headers(Decoder& decoder, const Node& node, Provider& provider) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    std::string name(trim(*text));
    std::transform(name.begin(), name.end(), name.begin(), to_lower);
    if (is_header_name(name)) {
      provider.extra_blocked_headers.push_back(std::move(name));
    } else {
      decoder.error(item, "expected the name of a header");
    }
  }
}

constexpr std::array kConfigKeys = {
    Key<Provider>{"base_url", "URL", "none", decode_base_url},
    Key<Provider>{"url", "URL", "none", decode_base_url},
    Key<Provider>{"append_v1", "boolean", "true", decode_append_v1},
    Key<Provider>{"query", "mapping of text", "{}", decode_query},
    Key<Provider>{"api_key", "text", "none", decode_api_key},
    Key<Provider>{"allowed_models", "list of text", "none", decode_allowed_models},
    Key<Provider>{"refresh_models", "boolean", "false",
                  [](Decoder& decoder, const Node& node, Provider& provider) {
                    store(decoder.boolean(node), provider.refresh_models);
                  }},
    Key<Provider>{"forward_headers", "mapping of text", "{}", decode_forward_headers},
    Key<Provider>{"extra_blocked_headers", "list of text", "[]", decode_extra_blocked_headers},
    Key<Provider>{"network", "mapping", "{}", decode_network, Use::kOptional, list_network_keys},
};

void check_forward_headers(Decoder& decoder, const Node& section, const Provider& provider) {
  for (const Provider::ForwardedHeader& forwarded : provider.forward_headers) {
    const Node& entry = *section.find(forwarded.key);
    if (forwarded.key.empty()) {
      decoder.error_at_key(entry, "expected a key of the provider data");
    }
    if (forwarded.key.starts_with(kReservedKeyPrefix)) {
      decoder.error_at_key(entry, "keys that begin with __ are reserved and never forwarded");
    }
    if (!is_header_name(forwarded.header)) {
      decoder.error(entry, "expected the name of a header");
    } else if (is_blocked_header(forwarded.header, provider.extra_blocked_headers)) {
      decoder.error(entry, "this header must not be filled from a caller's data");
    }
  }
}

void decode_config(Decoder& decoder, const Node& node, Provider& provider) {
  decode_section<Provider>(decoder, node, kConfigKeys, provider);
  const Node* url = decoder.given(node, "url");
  if (url != nullptr && decoder.given(node, "base_url") != nullptr) {
    decoder.error_at_key(*url, "url and base_url mean the same; give one of them");
  }
  if (provider.base_url) {
    auto settled = parse_base_url(provider.base_url->text(), provider.base_path);
    if (settled) provider.base_url = std::move(*settled);
  } else if (const Node* query = decoder.given(node, "query");
             query != nullptr && url == nullptr && decoder.given(node, "base_url") == nullptr) {
    decoder.error_at_key(*query,
                         "without a base_url, callers choose the upstream and nothing configured "
                         "here is sent to it; set base_url");
  }
  if (const Node* forward_headers = node.find("forward_headers")) {
    check_forward_headers(decoder, *forward_headers, provider);
  }
  if (node.kind == Node::Kind::kMap) provider.shown_config = shown_config(decoder, node);
}

void decode_provider_id(Decoder& decoder, const Node& node, Provider& provider) {
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
    Key<Provider>{"provider_id", "text", "", decode_provider_id, Use::kRequired},
    Key<Provider>{"provider_type", "text", "", [](Decoder&, const Node&, Provider&) {},
                  Use::kRequired},
    Key<Provider>{"config", "mapping", "{}", decode_config, Use::kOptional,
                  [](const std::string& path, KnownKeys& out) {
                    list_section<Provider>(path, kConfigKeys, out);
                  }},
    ignored<Provider>("module"),
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

void decode_entry_of_inference(Decoder& decoder, const Node& entry, Draft& draft) {
  if (!decoder.expect_map(entry)) return;
  const std::string id = decoder.text_if_any(entry, "provider_id");
  const std::string type = decoder.text_if_any(entry, "provider_type");
  // The rest of a skipped entry, and the variables that it lacks, do not matter.
  const bool is_other_type = !type.empty() && type != kPassthroughType;
  if (id == kDisabledId || (!is_other_type && is_disabled(decoder, entry, draft))) return;
  if (is_other_type) {
    const bool has_id = entry.find("provider_id") != nullptr;
    if (has_id && id.empty()) return;
    draft.other_provider_ids.push_back(id);
    return decoder.warning(
        entry, fmt::format("skipped: only providers of type {} are served", kPassthroughType));
  }
  std::vector<Provider>& providers = draft.settings.providers;
  const bool repeated =
      !id.empty() && std::any_of(providers.begin(), providers.end(),
                                 [&](const Provider& other) { return other.id == id; });
  if (repeated) {
    decoder.error(*entry.find("provider_id"), "another provider has the same provider_id");
  }
  Provider provider;
  decode_section<Provider>(decoder, entry, kEntryKeys, provider);
  providers.push_back(std::move(provider));
}

void decode_inference(Decoder& decoder, const Node& node, Draft& draft) {
  const auto entries = decoder.list(node);
  if (!entries) return;
  for (const Node& entry : *entries) decode_entry_of_inference(decoder, entry, draft);
  if (entries->empty() || !draft.settings.providers.empty()) return;
  decoder.conclude(fmt::format(
      "none of the {} inference providers of this file can be served: each is skipped or disabled "
      "(see above). Add at least one of type {}; most services with an OpenAI-compatible API work "
      "with this type, given their base_url and api_key",
      entries->size(), kPassthroughType));
}

// Every API of Llama Stack and OGX, of all versions whose files may be used here.
constexpr std::array kProvidersKeys = {
    Key<Draft>{"inference", "list", "[]", decode_inference, Use::kOptional,
               [](const std::string& path, KnownKeys& out) {
                 list_section<Provider>(path + "[]", kEntryKeys, out);
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
    decoder.warning_at_key(node, fmt::format("there is no inference provider of type {}, so no "
                                             "model is served",
                                             kPassthroughType));
  }
}

void list_providers_keys(const std::string& path, KnownKeys& out) {
  list_section<Draft>(path, kProvidersKeys, out);
}

}  // namespace penstock::config
