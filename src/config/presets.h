#pragma once

// Presets: the types of providers that differ only in where their API is, what their settings are
// called, and how a key is sent. A preset is data; whatever it chooses can be set in the file too.
//
// The types, their settings and their defaults are those of OGX 1.5, and a few more.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.h"

namespace penstock::config {

enum class KeyNeed : std::uint8_t {
  kNever,          // works without a key
  kAlways,         // without one, a provider sleeps until a caller brings one
  kAtDefaultHost,  // likewise, but only at the service's own host
};

struct Preset {
  std::string_view type;
  // As written, `{region}` for the region; empty: it has to be configured.
  std::string_view base_url = {};
  KeyNeed need = KeyNeed::kAlways;
  std::string_view key_setting = "api_key";
  // Of the provider data, beside `{provider_id}_api_key`; separated by spaces.
  std::string_view caller_keys = {};
  // Further settings of the type, separated by spaces (config/decode_upstream.cc).
  std::string_view further_settings = {};

  // Anthropic's API: its URL if it is not below base_url, and how it takes the key.
  std::string_view anthropic_base_url = {};  // without /v1, as in the setting of that name
  KeyForm messages_auth = KeyForm::kBearer;

  // The list of models: its URL if it is not /models below base_url; `{root}` for base_url without
  // the part that begins the API's version.
  ModelListing::Shape list_shape = ModelListing::Shape::kData;
  Surface list_surface = Surface::kOpenAi;
  std::string_view list_url = {};

  KeyOrder key_order = KeyOrder::kCallerFirst;

  // Whether the setting is among further_settings.
  bool has_setting(std::string_view name) const;
};

// The type whose base_url may be left out, as each caller may name one.
inline constexpr std::string_view kPassthroughType = "remote::passthrough";

std::span<const Preset> presets();

// Null if no provider of that type can be served.
const Preset* find_preset(std::string_view type);

// The words of a text, which single spaces separate.
std::vector<std::string_view> words_of(std::string_view text);

// For a type that cannot be served: why not, and what to do.
std::string advice_about(std::string_view type);

}  // namespace penstock::config
