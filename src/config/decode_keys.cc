#include "config/decode_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/date.h"
#include "config/decode_terms.h"
#include "config/key_text.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::size_t kApiKeyBytesMin = 8;
constexpr std::string_view kHashScheme = "sha256:";

// A key that cannot follow "Bearer " would never match, and everybody knows the mask that
// describe() prints.
std::string_view fault_of_key(std::string_view key) {
  if (key.size() < kApiKeyBytesMin) return "an API key must have at least 8 characters";
  if (const std::string_view fault = fault_of_key_text(key); !fault.empty()) return fault;
  if (key == Secret::kMask) return "this is the mask of a key, not a key";
  return {};
}

std::optional<KeyHash> parse_key_hash(std::string_view text) {
  KeyHash hash{};
  if (!text.starts_with(kHashScheme)) return std::nullopt;
  text.remove_prefix(kHashScheme.size());
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return hash;
}

void decode_key_hash(Decoder& decoder, const Node& node, ApiKey& api_key) {
  const auto text = decoder.text(node);
  if (!text) return;
  api_key.hash = parse_key_hash(*text);
  if (!api_key.hash) {
    decoder.error(node, "expected sha256: and the key's SHA-256 in 64 hexadecimal digits");
  }
}

void decode_tags(Decoder& decoder, const Node& node, ApiKey& api_key) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    if (const auto tag = decoder.text(item)) api_key.tags.push_back(*tag);
  }
}

void decode_expires(Decoder& decoder, const Node& node, ApiKey& api_key) {
  const auto text = decoder.text(node);
  if (!text) return;
  api_key.expires = parse_time(*text);
  if (!api_key.expires) decoder.error(node, kTimeExpected);
}

template <std::string ApiKey::* field>
constexpr Key<ApiKey> key_text(std::string_view name) {
  return {name, "text", "none", [](Decoder& decoder, const Node& node, ApiKey& api_key) {
            store(decoder.text(node), api_key.*field);
          }};
}

constexpr std::array kOwnKeys = {
    Key<ApiKey>{"name", "text", "",
                [](Decoder& decoder, const Node& node, ApiKey& api_key) {
                  store(decoder.text(node), api_key.name);
                  if (api_key.name.empty()) decoder.error(node, "expected a name");
                },
                Use::kRequired},
    Key<ApiKey>{"key", "text", "none",
                [](Decoder& decoder, const Node& node, ApiKey& api_key) {
                  const auto key = decoder.text(node);
                  if (!key) return;
                  const std::string_view fault = fault_of_key(*key);
                  if (!fault.empty()) return decoder.error(node, fault);
                  api_key.key = Secret(*key);
                }},
    Key<ApiKey>{"key_hash", "text", "none", decode_key_hash},
    Key<ApiKey>{"role", "inference or admin", "inference",
                [](Decoder& decoder, const Node& node, ApiKey& api_key) {
                  constexpr std::array<std::string_view, 2> kRoles = {"inference", "admin"};
                  store(decoder.choice(node, kRoles), api_key.role);
                }},
    key_text<&ApiKey::organization>("organization"),
    key_text<&ApiKey::team>("team"),
    key_text<&ApiKey::user>("user"),
    Key<ApiKey>{"tags", "list of text", "[]", decode_tags},
    Key<ApiKey>{"expires", "time", "none", decode_expires},
};

std::vector<Key<ApiKey>> api_key_keys() {
  return with_terms<ApiKey>(kOwnKeys);
}

// The reference's form: a key without a name.
void decode_bare_key(Decoder& decoder, const Node& node, std::size_t index, ApiKey& api_key) {
  api_key.name = fmt::format("key-{}", index + 1);
  const std::string_view fault = fault_of_key(node.text);
  if (!fault.empty()) return decoder.error(node, fault);
  api_key.key = Secret(node.text);
}

void check_one_key(Decoder& decoder, const Node& item, std::span<const Key<ApiKey>> keys) {
  if (item.kind != Node::Kind::kMap) return;
  const Node* const key = decoder.given(item, "key");
  const Node* const hash = decoder.given(item, "key_hash");
  if (key != nullptr && hash != nullptr) {
    return decoder.error_at_key(*hash, "the key itself is there, too; keep one of them");
  }
  if (key != nullptr || hash != nullptr) return;
  if (const Node* const empty = item.find("key")) {
    return decoder.error_at_key(*empty, "expected a value (text), found nothing");
  }
  if (is_misspelled_in(item, "key", keys) || is_misspelled_in(item, "key_hash", keys)) return;
  decoder.error(item, "the key `key` (text) is missing; or give its `key_hash`");
}

void check_unique(Decoder& decoder, const Node& item, const ApiKey& api_key,
                  const std::vector<ApiKey>& others) {
  const auto entry = [&](std::string_view key) -> const Node& {
    const Node* const found = item.find(key);
    return found != nullptr ? *found : item;
  };
  for (const ApiKey& other : others) {
    if (!api_key.name.empty() && other.name == api_key.name) {
      decoder.error(entry("name"), "another key has the same name");
    }
    if (!api_key.key.empty() && other.key.equals(api_key.key.reveal())) {
      decoder.error(entry("key"), "another entry has the same key");
    }
    if (api_key.hash && other.hash == api_key.hash) {
      decoder.error(entry("key_hash"), "another entry has the same key");
    }
  }
}

}  // namespace

std::string key_hash_text(const KeyHash& hash) {
  std::string text(kHashScheme);
  for (const unsigned char byte : hash) text += fmt::format("{:02x}", byte);
  return text;
}

void decode_api_keys(Decoder& decoder, const Node& node, Server& server) {
  const auto items = decoder.list(node);
  if (!items) return;
  const std::vector<Key<ApiKey>> keys = api_key_keys();
  for (const Node& item : *items) {
    ApiKey api_key;
    if (item.kind == Node::Kind::kScalar) {
      decode_bare_key(decoder, item, server.api_keys.size(), api_key);
    } else {
      decode_section<ApiKey>(decoder, item, keys, api_key);
      check_one_key(decoder, item, keys);
    }
    check_unique(decoder, item, api_key, server.api_keys);
    server.api_keys.push_back(std::move(api_key));
  }
}

void list_api_keys_keys(const std::string& path, KnownKeys& out) {
  const std::vector<Key<ApiKey>> keys = api_key_keys();
  list_section<ApiKey>(path + "[]", keys, out);
}

}  // namespace penstock::config
