#pragma once

// What a caller says about upstreams in a header of its own request: X-OGX-Provider-Data, or
// X-LlamaStack-Provider-Data as clients up to 0.7.1 call it. The value is a JSON object.
//
// `passthrough_url` has its own meaning. Some keys hold the caller's key for a provider
// (`{provider_id}_api_key`, `groq_api_key`); any key may fill a header of the upstream's request if
// the operator's forward_headers says so. Keys that begin with `__` are internal to the reference's
// server and are dropped.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_reader.h"
#include "core/result.h"
#include "core/secret.h"

namespace penstock::providers {

class ProviderData {
 public:
  static constexpr std::size_t kValueBytesMax = 8 * 1024;

  // Fails with kInvalidRequest if `json` is not a JSON object within the bounds, or repeats a key;
  // the message repeats none of it.
  static Result<ProviderData> parse(std::string_view json, const JsonBounds& bounds = {});

  const std::optional<std::string>& url() const { return url_; }

  // The value of a key as a header may carry it: without control characters and Unicode line ends.
  // Null if it is absent, empty, neither string, number nor boolean, or longer than kValueBytesMax.
  const Secret* find(std::string_view key) const;
  // The value of the first of `keys` that has one. Case does not matter.
  const Secret* find_any(std::span<const std::string> keys) const;

 private:
  std::optional<std::string> url_;
  std::vector<std::pair<std::string, Secret>> values_;
};

// `value` without control characters (C0, DEL, U+0085) and the line ends U+2028 and U+2029.
std::string without_control_characters(std::string_view value);

}  // namespace penstock::providers
