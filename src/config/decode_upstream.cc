#include "config/decode_upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "config/decode_network.h"
#include "config/forward_headers.h"
#include "config/key_text.h"
#include "config/settle_upstream.h"
#include "config/shown_config.h"
#include "config/url.h"
#include "core/text.h"

namespace penstock::config {
namespace {

// Unchanged; settle_upstream() completes its path when all keys are known.
void decode_base_url(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto text = decoder.text(node);
  if (!text) return;
  const auto url = parse_base_url(*text, BasePath::kAsWritten, Ways::kTcpAndSockets);
  if (url) {
    draft.provider.base_url = *url;
  } else {
    decoder.error(node, url.error().message);
  }
}

void decode_anthropic_base_url(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto text = decoder.text(node);
  if (!text) return;
  auto url = parse_base_url(*text, BasePath::kEndsInV1, Ways::kTcpAndSockets);
  if (url) {
    draft.provider.messages_url = std::move(*url);
  } else {
    decoder.error(node, url.error().message);
  }
}

void decode_append_v1(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto append = decoder.boolean(node);
  if (!append) return;
  draft.provider.base_path = *append ? BasePath::kEndsInV1 : BasePath::kAsWritten;
}

void decode_path(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  constexpr std::array<std::string_view, 2> kChoices = {"v1", "as_is"};
  store(decoder.choice(node, kChoices), draft.provider.base_path);
}

void decode_query(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  if (!decoder.expect_map(node)) return;
  for (const Node& entry : node.children) {
    const auto value = decoder.resolved(entry);
    if (!value || value->kind == Node::Kind::kNull) continue;
    if (entry.key.empty()) decoder.error_at_key(entry, "expected the name of a parameter");
    if (auto text = decoder.text(*value)) {
      draft.provider.query.push_back({entry.key, Secret(std::move(*text))});
    }
  }
}

// The key becomes part of a header field.
std::optional<Secret> key_of(Decoder& decoder, const Node& node) {
  const auto text = decoder.text(node);
  if (!text) return std::nullopt;
  const std::string_view fault = fault_of_key_text(*text);
  if (fault.empty()) return Secret(*text);
  decoder.error(node, fault);
  return std::nullopt;
}

void decode_key(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  store(key_of(decoder, node), draft.provider.api_key);
}

void decode_auth(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  store(decoder.choice(node, kKeyForms), draft.provider.auth);
}

void decode_messages_auth(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  store(decoder.choice(node, kKeyForms), draft.provider.messages_auth);
}

template <std::string UpstreamDraft::* field>
void decode_text(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  store(decoder.text(node), draft.*field);
}

// It becomes part of a host name.
void decode_region(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto text = decoder.text(node);
  if (!text) return;
  const bool is_region = std::ranges::all_of(
      *text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (is_region) {
    draft.region = *text;
  } else {
    decoder.error(node, "expected a region, such as us-east-2");
  }
}

void decode_allowed_models(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  std::vector<std::string>& allowed = draft.provider.allowed_models.emplace();
  for (const Node& item : *items) {
    if (auto id = decoder.text(item)) allowed.push_back(std::move(*id));
  }
}

// The names are checked in check_forward_headers(), when extra_blocked_headers is known as well.
void decode_forward_headers(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  if (!decoder.expect_map(node)) return;
  for (const Node& entry : node.children) {
    const auto value = decoder.resolved(entry);
    if (!value || value->kind == Node::Kind::kNull) continue;
    const auto header = decoder.text(*value);
    if (header) draft.provider.forward_headers.push_back({entry.key, std::string(trim(*header))});
  }
}

void decode_extra_blocked_headers(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    std::string name = lower_case(trim(*text));
    if (is_header_name(name)) {
      draft.provider.extra_blocked_headers.push_back(std::move(name));
    } else {
      decoder.error(item, "expected the name of a header");
    }
  }
}

// `name`, or `-name` for one that does not pass.
void decode_forward_client_headers(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    std::string name = lower_case(trim(*text));
    const bool is_withheld = name.starts_with('-');
    if (is_withheld) name.erase(0, 1);
    if (!is_header_name(name)) {
      decoder.error(item, "expected the name of a header, or `-` and the name");
      continue;
    }
    if (name.find('*') < name.size() - 1) {
      decoder.error(item, "a star stands for any text only at the end of a name");
      continue;
    }
    const std::string_view stays = why_client_header_stays(name);
    if (always_passes(name)) {
      decoder.error(item, "this header always passes; set another value in `network.headers`");
    } else if (is_withheld) {
      draft.provider.withheld_client_headers.push_back(std::move(name));
    } else if (!stays.empty()) {
      decoder.error(item, stays);
    } else {
      draft.provider.forwarded_client_headers.push_back(std::move(name));
    }
  }
}

// true is the pattern of all names.
void decode_unprefixed_models(Decoder& decoder, const Node& node, UpstreamDraft& draft) {
  if (node.kind == Node::Kind::kScalar) {
    const auto all = decoder.boolean(node);
    if (all && *all) draft.provider.unprefixed_models = {"*"};
    return;
  }
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    if (auto pattern = decoder.text(item)) {
      draft.provider.unprefixed_models.push_back(std::move(*pattern));
    }
  }
}

// Of every type.
constexpr std::array kCommonKeys = {
    Key<UpstreamDraft>{"base_url", "URL", "none", decode_base_url},
    Key<UpstreamDraft>{"url", "URL", "none", decode_base_url},
    Key<UpstreamDraft>{"anthropic_base_url", "URL", "none", decode_anthropic_base_url},
    Key<UpstreamDraft>{"query", "mapping of text", "{}", decode_query},
    Key<UpstreamDraft>{"auth", "bearer, x-api-key, api-key, basic or none", "bearer", decode_auth},
    Key<UpstreamDraft>{"messages_auth", "bearer, x-api-key, api-key, basic or none", "bearer",
                       decode_messages_auth},
    Key<UpstreamDraft>{"allowed_models", "list of text", "none", decode_allowed_models},
    Key<UpstreamDraft>{"refresh_models", "boolean", "false",
                       [](Decoder& decoder, const Node& node, UpstreamDraft& draft) {
                         store(decoder.boolean(node), draft.provider.refresh_models);
                       }},
    Key<UpstreamDraft>{"unprefixed_models", "boolean or list of text", "false",
                       decode_unprefixed_models},
    Key<UpstreamDraft>{"any_path", "boolean", "false",
                       [](Decoder& decoder, const Node& node, UpstreamDraft& draft) {
                         store(decoder.boolean(node), draft.provider.any_path);
                       }},
    Key<UpstreamDraft>{"forward_client_headers", "list of text", "[]",
                       decode_forward_client_headers},
    Key<UpstreamDraft>{"forward_headers", "mapping of text", "{}", decode_forward_headers},
    Key<UpstreamDraft>{"extra_blocked_headers", "list of text", "[]", decode_extra_blocked_headers},
    Key<UpstreamDraft>{"network", "mapping", "{}",
                       [](Decoder& decoder, const Node& node, UpstreamDraft& draft) {
                         decode_network(decoder, node, draft.provider);
                       },
                       Use::kOptional, list_network_keys},
};

// Of the types that name them in their key_setting or further_settings.
constexpr std::array kKeysOfTypes = {
    Key<UpstreamDraft>{"api_key", "text", "none", decode_key},
    Key<UpstreamDraft>{"api_token", "text", "none", decode_key},
    Key<UpstreamDraft>{"access_token", "text", "none",
                       [](Decoder& decoder, const Node& node, UpstreamDraft& draft) {
                         store(key_of(decoder, node), draft.access_token);
                       }},
    Key<UpstreamDraft>{"append_v1", "boolean", "true", decode_append_v1},
    Key<UpstreamDraft>{"path", "v1 or as_is", "v1", decode_path},
    Key<UpstreamDraft>{"project", "text", "none", decode_text<&UpstreamDraft::project>},
    Key<UpstreamDraft>{"api_version", "text", "none", decode_text<&UpstreamDraft::api_version>},
    accepted<UpstreamDraft>("api_type"),
    Key<UpstreamDraft>{"tls_verify", "boolean or file", "none",
                       [](Decoder& decoder, const Node& node, UpstreamDraft& draft) {
                         decode_verify(decoder, node, draft.tls_verify.emplace());
                       }},
    ignored<UpstreamDraft>("max_tokens"),
    ignored<UpstreamDraft>("fairness_header_attribute"),
    ignored<UpstreamDraft>("timeout"),
    ignored<UpstreamDraft>("rerank_model_to_url"),
    Key<UpstreamDraft>{"region_name", "text", "none", decode_region},
    Key<UpstreamDraft>{"aws_bedrock_bearer_token", "text", "none", decode_key},
    Key<UpstreamDraft>{"aws_bearer_token_bedrock", "text", "none", decode_key},
    ignored<UpstreamDraft>("aws_access_key_id"),
    ignored<UpstreamDraft>("aws_secret_access_key"),
    ignored<UpstreamDraft>("aws_session_token"),
    ignored<UpstreamDraft>("aws_role_arn"),
    ignored<UpstreamDraft>("aws_web_identity_token_file"),
    ignored<UpstreamDraft>("aws_role_session_name"),
    ignored<UpstreamDraft>("profile_name"),
    ignored<UpstreamDraft>("total_max_attempts"),
    ignored<UpstreamDraft>("retry_mode"),
    ignored<UpstreamDraft>("connect_timeout"),
    ignored<UpstreamDraft>("read_timeout"),
    ignored<UpstreamDraft>("session_ttl"),
};

std::vector<Key<UpstreamDraft>> keys_of(const Preset& preset) {
  std::vector<Key<UpstreamDraft>> keys(kCommonKeys.begin(), kCommonKeys.end());
  for (const Key<UpstreamDraft>& key : kKeysOfTypes) {
    if (key.name == preset.key_setting || preset.has_setting(key.name)) keys.push_back(key);
  }
  return keys;
}

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

}  // namespace

void decode_upstream(Decoder& decoder, const Node& entry, const Node* section, const Preset& preset,
                     Provider& provider) {
  UpstreamDraft draft(preset, std::move(provider));
  if (section != nullptr) {
    const std::vector<Key<UpstreamDraft>> keys = keys_of(preset);
    decode_section<UpstreamDraft>(decoder, *section, keys, draft);
  }
  settle_upstream(decoder, section != nullptr ? *section : entry, draft);
  provider = std::move(draft.provider);
  if (section == nullptr) return;
  if (const Node* forward_headers = section->find("forward_headers")) {
    check_forward_headers(decoder, *forward_headers, provider);
  }
  if (section->kind == Node::Kind::kMap) provider.shown_config = shown_config(decoder, *section);
}

void list_upstream_keys(const std::string& path, KnownKeys& out) {
  list_section<UpstreamDraft>(path, kCommonKeys, out);
  list_section<UpstreamDraft>(path, kKeysOfTypes, out);
}

}  // namespace penstock::config
