#pragma once

// A section of the configuration as a table of its keys, and the loop that decodes by it.
//
// The tables are the only definition of the known keys: unknown keys, missing keys, suggestions and
// known_keys() all come from them.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/decoder.h"
#include "config/key_name.h"
#include "config/load.h"

namespace penstock::config {

enum class Use : std::uint8_t {
  kOptional,
  kRequired,
  kAccepted,  // the reference's, accepted without effect
  kIgnored,   // the reference's, for a feature that this server lacks: one warning
};

using KnownKeys = std::vector<KnownKey>;

template <class T>
struct Key {
  std::string_view name;
  std::string_view type;  // as in the documentation
  std::string_view default_value;
  void (*decode)(Decoder&, const Node&, T&) = nullptr;  // of a resolved value that is not empty
  Use use = Use::kOptional;
  // Appends the keys below this one, whose path is given.
  void (*list_inside)(const std::string& path, KnownKeys& out) = nullptr;
};

template <class T>
constexpr Key<T> accepted(std::string_view name) {
  return {name, "accepted", "none", nullptr, Use::kAccepted, nullptr};
}

template <class T>
constexpr Key<T> ignored(std::string_view name) {
  return {name, "ignored", "none", nullptr, Use::kIgnored, nullptr};
}

// Stores the decoded value in `out`; after a problem the default stays.
template <class Value, class Field>
void store(std::optional<Value> value, Field& out) {
  if (value) out = static_cast<Field>(std::move(*value));
}

// Whether the node contains anything that could be ignored; a substitution may leave nothing.
inline bool says_something(const Node& node) {
  const bool is_scalar = node.kind == Node::Kind::kScalar;
  return is_scalar || !node.children.empty();
}

template <class T>
void decode_entry(Decoder& decoder, const Node& entry, const Key<T>& key, T& out) {
  if (key.use == Use::kAccepted) return;
  if (key.use == Use::kIgnored) {
    if (says_something(decoder.resolved_if_possible(entry))) {
      decoder.warning_at_key(entry, "ignored: this server does not support it");
    }
    return;
  }
  const auto value = decoder.resolved(entry);
  if (!value) return;
  if (value->kind != Node::Kind::kNull) {
    key.decode(decoder, *value, out);
  } else if (key.use == Use::kRequired) {
    decoder.error_at_key(entry, fmt::format("expected a value ({}), found nothing", key.type));
  }
}

template <class T>
std::vector<std::string_view> names_of(std::span<const Key<T>> keys) {
  std::vector<std::string_view> names;
  for (const Key<T>& key : keys) names.push_back(key.name);
  return names;
}

// Whether an unknown key of `map` was reported as a probable misspelling of `name`.
template <class T>
bool is_misspelled_in(const Node& map, std::string_view name, std::span<const Key<T>> keys) {
  return std::any_of(map.children.begin(), map.children.end(), [&](const Node& entry) {
    return nearest_key(entry.key, names_of(keys)) == name;
  });
}

// The nearest of all keys, or else the list of those that have an effect.
template <class T>
std::string suggestion_of(std::string_view unknown, std::span<const Key<T>> keys) {
  const std::vector<std::string_view> all = names_of(keys);
  std::vector<std::string_view> effective;
  for (const Key<T>& key : keys) {
    if (key.decode != nullptr) effective.push_back(key.name);
  }
  const std::string_view near = nearest_key(unknown, all);
  return near.empty() ? suggestion(unknown, effective) : suggestion(unknown, all);
}

// Decodes the entries of `map` into `out`; unknown keys and missing required keys are errors.
template <class T>
void decode_section(Decoder& decoder, const Node& map, std::span<const Key<T>> keys, T& out) {
  if (!decoder.expect_map(map)) return;
  for (const Node& entry : map.children) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key<T>& k) { return k.name == entry.key; });
    if (key != keys.end()) {
      decode_entry(decoder, entry, *key, out);
      continue;
    }
    decoder.error_at_key(entry, fmt::format("unknown key; {}", suggestion_of(entry.key, keys)));
  }
  for (const Key<T>& key : keys) {
    if (key.use != Use::kRequired || map.find(key.name) != nullptr) continue;
    if (!is_misspelled_in(map, key.name, keys)) {
      decoder.error(map, fmt::format("the key `{}` ({}) is missing", key.name, key.type));
    }
  }
}

template <class T>
void list_section(const std::string& path, std::span<const Key<T>> keys, KnownKeys& out) {
  for (const Key<T>& key : keys) {
    const std::string inner = joined_path(path, key.name);
    out.push_back({inner, std::string(key.type), std::string(key.default_value)});
    if (key.list_inside != nullptr) key.list_inside(inner, out);
  }
}

}  // namespace penstock::config
