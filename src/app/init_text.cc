#include "app/init_text.h"

#include <fmt/format.h>

#include "config/presets.h"
#include "config/url.h"
#include "core/text.h"

namespace penstock::app {
namespace {

constexpr std::size_t kModelsShownMax = 20;

constexpr std::string_view kPlainBytes =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+";

bool is_plain(std::string_view name) {
  return !name.empty() && name.find_first_not_of(kPlainBytes) == std::string_view::npos;
}

// A model's name is the upstream's text: in a comment it stays on its line, also for readers of
// YAML to whom more characters end one (YAML 1.1 section 5.4).
std::string shown(std::string_view name) {
  std::string out;
  for (const char c : name) out.push_back(c >= ' ' && c <= '~' ? c : '?');
  return out;
}

// Whether the type leads to that address without being told.
bool is_default_url(const FoundUpstream& upstream) {
  const config::Preset* preset = config::find_preset(upstream.kind.provider_type);
  if (preset == nullptr || preset->base_url.empty()) return false;
  const auto by_type = config::parse_url(preset->base_url);
  const auto given = config::parse_url(upstream.url);
  return by_type && given && by_type->text() == given->text();
}

void append_models(std::string& out, const FoundUpstream& upstream) {
  for (std::size_t i = 0; i < upstream.models.size() && i < kModelsShownMax; ++i) {
    out += fmt::format("    #   {}/{}\n", upstream.kind.provider_id, shown(upstream.models[i]));
  }
  if (upstream.models.size() > kModelsShownMax) {
    out += fmt::format("    #   and {} more: `penstock models FILE` lists them\n",
                       upstream.models.size() - kModelsShownMax);
  }
}

void append_provider(std::string& out, const FoundUpstream& upstream) {
  const UpstreamKind& kind = upstream.kind;
  out += fmt::format("    # {}.\n", kind.name);
  out += upstream.models.empty() ? "    # It listed no models.\n"
                                 : "    # Clients call its models by these names:\n";
  append_models(out, upstream);
  out += fmt::format("    - provider_id: {}\n      provider_type: {}\n      config:\n",
                     kind.provider_id, kind.provider_type);
  if (is_default_url(upstream)) {
    out += fmt::format("        # base_url: {}\n", json_quoted(upstream.url));
  } else {
    out += fmt::format("        base_url: {}\n", json_quoted(upstream.url));
  }
  if (!upstream.key_variable.empty()) {
    const config::Preset* preset = config::find_preset(kind.provider_type);
    out += "        # Read from the environment when the server starts.\n";
    out += fmt::format("        {}: ${{env.{}}}\n",
                       preset == nullptr ? "api_key" : preset->key_setting, upstream.key_variable);
  }
  out += "        # Its models are asked for again, as it may load others.\n";
  out += "        refresh_models: true\n";
}

// A name of one's own for the first model.
void append_alias(std::string& out, const std::vector<FoundUpstream>& upstreams) {
  out += R"(
# Names of your own for models, which clients use without a provider's id:
# registered_resources:
#   models:
)";
  for (const FoundUpstream& upstream : upstreams) {
    if (upstream.models.empty() || !is_plain(upstream.models.front())) continue;
    out += fmt::format(
        "#     - model_id: default\n#       provider_id: {}\n#       provider_model_id: {}\n",
        upstream.kind.provider_id, json_quoted(upstream.models.front()));
    return;
  }
  out += "#     - {model_id: default, provider_id: main, provider_model_id: some-model}\n";
}

}  // namespace

std::string init_text(const std::vector<FoundUpstream>& upstreams, std::string_view command) {
  std::string out = fmt::format(R"(# Written by `{}`.
#
#   penstock check FILE    says what this file comes to, or what is wrong with it
#   penstock serve FILE    serves it
#
# docs/configuration.md describes every key.
version: 2
providers:
  inference:
)",
                                command);
  for (const FoundUpstream& upstream : upstreams) append_provider(out, upstream);
  append_alias(out, upstreams);
  out += R"(
server:
  # Other machines cannot reach this address. Before you change it, configure keys: without them,
  # anybody who reaches the server can use the upstreams.
  host: 127.0.0.1
  port: 8321
  # api_keys:
  #   - name: alice
  #     key: ${env.ALICE_KEY}
)";
  return out;
}

}  // namespace penstock::app
