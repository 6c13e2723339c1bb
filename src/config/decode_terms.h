#pragma once

// Terms (config/terms.h) as keys: the only reader of their form, for the configuration file and for
// the administration API (config/terms_json.h).
//
// What has terms among its keys has the same keys everywhere: with_terms() adds them to its own.

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "config/key_table.h"
#include "config/terms.h"

namespace penstock::config {

inline constexpr std::size_t kTermsKeys = 14;
inline constexpr std::size_t kRateKeys = 6;

std::span<const Key<Terms>, kTermsKeys> terms_keys();
// Those of them that are rates, and the concurrency.
std::span<const Key<Terms>, kRateKeys> rate_keys();

namespace detail {

template <class T, std::size_t position>
void decode_term(Decoder& decoder, const Node& node, T& out) {
  terms_keys()[position].decode(decoder, node, out.terms);
}

template <class T, std::size_t... positions>
void add_terms(std::vector<Key<T>>& keys, std::index_sequence<positions...>) {
  const auto add = [&](const Key<Terms>& key, auto decode) {
    keys.push_back({key.name, key.type, key.default_value, decode, key.use, key.list_inside});
  };
  (add(terms_keys()[positions], decode_term<T, positions>), ...);
}

}  // namespace detail

// `own`, and the keys of terms, of a T that has them as its member `terms`.
template <class T>
std::vector<Key<T>> with_terms(std::span<const Key<T>> own) {
  std::vector<Key<T>> keys(own.begin(), own.end());
  detail::add_terms(keys, std::make_index_sequence<kTermsKeys>());
  return keys;
}

}  // namespace penstock::config
