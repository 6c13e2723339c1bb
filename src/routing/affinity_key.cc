#include "routing/affinity_key.h"

#include "core/stable_hash.h"
#include "core/text.h"

namespace penstock::routing {
namespace {

using Key = config::AffinityRules::Key;
using Hash = std::optional<std::uint64_t>;

Hash hash_of(std::string_view text) {
  return text.empty() ? Hash() : stable_hash(text);
}

Hash key_of(Key key, const AffinitySources& sources) {
  const wire::RequestSession nothing;
  const wire::RequestSession& body = sources.body == nullptr ? nothing : *sources.body;
  switch (key) {
    case Key::kSession:
      return hash_of(sources.session);
    case Key::kPromptCacheKey:
      return body.prompt_cache_key;
    case Key::kUser:
      return body.user;
    case Key::kPrefix:
      return body.prefix;
    case Key::kApiKey:
      return hash_of(sources.api_key);
  }
  return {};
}

}  // namespace

void SessionField::look_at(std::string_view name, std::string_view value) {
  for (std::size_t place = 0; place < place_; ++place) {
    if (kSessionFields[place].size() != name.size()) continue;
    if (!equals_ignoring_case(kSessionFields[place], name) || trim(value).empty()) continue;
    session_ = trim(value);
    place_ = place;
  }
}

Hash affinity_key(std::span<const Key> keys, const AffinitySources& sources) {
  for (const Key key : keys) {
    if (const Hash hash = key_of(key, sources)) return hash;
  }
  return {};
}

}  // namespace penstock::routing
