#include "config/decode_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/decode_network.h"
#include "config/forward_headers.h"
#include "config/url.h"
#include "core/text.h"

namespace penstock::config {
namespace {

void decode_base_url(Decoder& decoder, const Node& node, Provider& provider) {
  const auto text = decoder.text(node);
  if (!text) return;
  const auto url = parse_base_url(*text);
  if (url) {
    provider.base_url = *url;
  } else {
    decoder.error(node, url.error().message);
  }
}

// Visible ASCII and spaces only: the key becomes part of a header field.
void decode_api_key(Decoder& decoder, const Node& node, Provider& provider) {
  const auto text = decoder.text(node);
  if (!text) return;
  const bool is_visible =
      std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!is_visible) return decoder.error(node, "an API key is visible ASCII without spaces");
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
  if (const Node* forward_headers = node.find("forward_headers")) {
    check_forward_headers(decoder, *forward_headers, provider);
  }
}

void decode_provider_id(Decoder& decoder, const Node& node, Provider& provider) {
  store(decoder.text(node), provider.id);
  const bool is_plain = std::all_of(provider.id.begin(), provider.id.end(),
                                    [](char c) { return c > ' ' && c < 0x7F && c != '/'; });
  if (!is_plain) {
    decoder.error(node,
                  "a provider's id is visible ASCII without spaces and slashes, as it "
                  "stands before the slash in the names of its models");
  } else if (provider.id == kAllProviders) {
    decoder.error(node, "`all` stands for every provider and cannot be the id of one");
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

// The text of an entry's key after substitution; nothing where it has none.
std::string text_of(Decoder& decoder, const Node& entry, std::string_view key) {
  const Node* node = entry.find(key);
  const auto value = node != nullptr ? decoder.resolved(*node) : std::nullopt;
  return value && value->kind == Node::Kind::kScalar ? value->text : std::string();
}

// Looked at before the rest of the entry, which need not make sense where it is switched off.
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
  if (!decoder.expect_map(entry) || is_disabled(decoder, entry, draft)) return;
  const std::string id = text_of(decoder, entry, "provider_id");
  const std::string type = text_of(decoder, entry, "provider_type");
  if (!type.empty() && type != kPassthroughType) {
    draft.other_provider_ids.push_back(id);
    return decoder.warning(
        entry, fmt::format("skipped, as only providers of type {} are served", kPassthroughType));
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
}

// Every API of Llama Stack and OGX, of all versions whose files may be brought along.
constexpr std::array kProvidersKeys = {
    Key<Draft>{"inference", "list", "[]", decode_inference, Use::kOptional,
               [](const std::string& path, KnownKeys& out) {
                 list_section<Provider>(path + "[]", kEntryKeys, out);
               }},
    ignored<Draft>("agents"),
    ignored<Draft>("batches"),
    ignored<Draft>("datasetio"),
    ignored<Draft>("eval"),
    ignored<Draft>("file_processors"),
    ignored<Draft>("files"),
    ignored<Draft>("interactions"),
    ignored<Draft>("memory"),
    ignored<Draft>("messages"),
    ignored<Draft>("post_training"),
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
  if (draft.settings.providers.empty()) {
    decoder.warning_at_key(node, fmt::format("there is no inference provider of type {}, so no "
                                             "model is served",
                                             kPassthroughType));
  }
}

void list_providers_keys(const std::string& path, KnownKeys& out) {
  list_section<Draft>(path, kProvidersKeys, out);
}

}  // namespace penstock::config
