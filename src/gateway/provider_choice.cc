#include "gateway/provider_choice.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/text.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kPrefix = "/p/";

std::optional<std::size_t> provider_of(std::string_view id, const Providers& providers) {
  const auto found = std::ranges::find(providers, id, &config::Provider::id);
  if (found == providers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - providers.begin());
}

// "'a', 'b' or 'c'"
std::string choices(const Providers& providers) {
  constexpr std::size_t kShownMax = 20;
  std::string out;
  const std::size_t shown = std::min(providers.size(), kShownMax);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out.append(i + 1 == providers.size() ? " or " : ", ");
    out.append("'").append(providers[i].id).append("'");
  }
  if (shown < providers.size()) out.append(", …");
  return out;
}

Error unknown_provider(std::string_view id, const Providers& providers) {
  constexpr std::size_t kIdShownBytes = 128;
  return Error::client(ErrorKind::kInvalidRequest, std::string(kProviderField) +
                                                       ": there is no provider '" +
                                                       std::string(id.substr(0, kIdShownBytes)) +
                                                       "'. Use " + choices(providers) + ".");
}

}  // namespace

Result<ProviderPath> split_provider_path(std::string_view path, const Providers& providers) {
  ProviderPath split{.provider = std::nullopt, .rest = path};
  if (!path.starts_with(kPrefix)) return split;
  const std::string_view after = path.substr(kPrefix.size());
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const std::string& id = providers[i].id;
    const bool fits = after.starts_with(id) && after.substr(id.size()).starts_with('/');
    const bool is_longer = !split.provider || id.size() > providers[*split.provider].id.size();
    if (!fits || !is_longer) continue;
    split.provider = i;
    split.rest = after.substr(id.size());
  }
  if (split.provider) return split;
  const std::string_view segment = after.substr(0, after.find('/'));
  const std::optional<std::string> id = percent_decode(segment);
  if (id) split.provider = provider_of(*id, providers);
  if (split.provider && segment.size() < after.size()) {
    split.rest = after.substr(segment.size());
    return split;
  }
  return failure(Error::client(ErrorKind::kNotFound,
                               "A path that begins with /p/ goes on with the id of a provider and "
                               "a path: /p/ID/v1/models. The providers are " +
                                   choices(providers) + "."));
}

Result<std::optional<std::size_t>> named_provider(std::optional<std::size_t> by_path,
                                                  std::optional<std::string_view> field,
                                                  const Providers& providers) {
  if (!field) return by_path;
  const std::optional<std::size_t> by_field = provider_of(*field, providers);
  if (!by_field) return failure(unknown_provider(*field, providers));
  if (by_path && *by_path != *by_field) {
    return failure(
        Error::client(ErrorKind::kInvalidRequest,
                      std::string(kProviderField) + " names another provider than the path."));
  }
  return by_field;
}

Result<std::size_t> only_provider(const Providers& providers) {
  if (providers.size() == 1) return std::size_t{0};
  return failure(Error::client(
      ErrorKind::kInvalidRequest,
      "This request names no model, so its provider is not known. Name it, with the header "
      "x-penstock-provider or the path prefix /p/ID: " +
          choices(providers) + "."));
}

}  // namespace penstock::gateway
