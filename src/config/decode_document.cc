#include "config/decode_document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/decode_admin.h"
#include "config/decode_keys.h"
#include "config/decode_limit_rules.h"
#include "config/decode_models.h"
#include "config/decode_owners.h"
#include "config/decode_prices.h"
#include "config/decode_provider.h"
#include "config/decode_routing.h"
#include "config/decode_server.h"
#include "config/decode_store.h"
#include "config/not_enforced.h"
#include "config/settle_routing.h"

namespace penstock::config {
namespace {

constexpr std::string_view kSupportedVersion = "2";

void check_version(Decoder& decoder, const Node& node, Draft&) {
  const auto version = decoder.text(node);
  if (version && *version != kSupportedVersion) {
    decoder.warning(node, fmt::format("this server supports version {}", kSupportedVersion));
  }
}

// APIs that providers of inference serve, and those that need no provider.
bool is_served(std::string_view api) {
  constexpr std::array<std::string_view, 8> kServed = {"inference", "responses", "conversations",
                                                       "messages",  "models",    "providers",
                                                       "inspect",   "admin"};
  return std::find(kServed.begin(), kServed.end(), api) != kServed.end();
}

void check_apis(Decoder& decoder, const Node& node, Draft&) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  std::vector<std::string> others;
  for (const Node& item : *items) {
    const auto api = decoder.text(item);
    if (api && !is_served(*api)) others.push_back(shown_key(*api));
  }
  if (!others.empty()) {
    decoder.warning_at_key(node, fmt::format("not supported: {}; this server serves inference",
                                             fmt::join(others, ", ")));
  }
}

constexpr std::array kDocumentKeys = {
    Key<Draft>{"version", "integer", "2", check_version},
    Key<Draft>{"apis", "list of text", "none", check_apis},
    Key<Draft>{"providers", "mapping", "{}", decode_providers, Use::kOptional, list_providers_keys},
    Key<Draft>{"registered_resources", "mapping", "{}", decode_registered_resources, Use::kOptional,
               list_registered_resources_keys},
    // In older files; its items have the keys of registered_resources.models.
    Key<Draft>{"models", "list", "[]", decode_models},
    Key<Draft>{"server", "mapping", "{}",
               [](Decoder& decoder, const Node& node, Draft& draft) {
                 decode_server(decoder, node, draft.settings.server);
               },
               Use::kOptional, list_server_keys},
    Key<Draft>{"admin", "mapping", "none", decode_admin, Use::kOptional, list_admin_keys},
    Key<Draft>{"routing", "mapping", "{}", decode_routing, Use::kOptional, list_routing_keys},
    // With those of server.api_keys one list.
    Key<Draft>{"keys", "list", "[]",
               [](Decoder& decoder, const Node& node, Draft& draft) {
                 decode_api_keys(decoder, node, draft.settings.server);
               }},
    Key<Draft>{"organizations", "list", "[]", decode_organizations, Use::kOptional,
               list_organizations_keys},
    Key<Draft>{"teams", "list", "[]", decode_teams, Use::kOptional, list_teams_keys},
    Key<Draft>{"users", "list", "[]", decode_users, Use::kOptional, list_users_keys},
    Key<Draft>{"prices", "mapping", "{}", decode_prices, Use::kOptional, list_prices_keys},
    Key<Draft>{"store", "mapping", "none", decode_store, Use::kOptional, list_store_keys},
    Key<Draft>{"storage", "mapping", "none", accept_storage},
    Key<Draft>{"limits", "mapping", "{}", decode_limit_rules, Use::kOptional,
               list_limit_rules_keys},
    accepted<Draft>("image_name"),
    accepted<Draft>("distro_name"),
    accepted<Draft>("container_image"),
    accepted<Draft>("external_providers_dir"),
    accepted<Draft>("external_apis_dir"),
    ignored<Draft>("benchmarks"),
    ignored<Draft>("connectors"),
    ignored<Draft>("conversations_store"),
    ignored<Draft>("datasets"),
    ignored<Draft>("eval_tasks"),
    ignored<Draft>("inference_store"),
    ignored<Draft>("logging"),
    ignored<Draft>("logging_config"),
    ignored<Draft>("metadata_store"),
    ignored<Draft>("prompts_store"),
    ignored<Draft>("safety"),
    ignored<Draft>("scoring_fns"),
    ignored<Draft>("shields"),
    ignored<Draft>("telemetry"),
    ignored<Draft>("tool_groups"),
    ignored<Draft>("vector_dbs"),
    ignored<Draft>("vector_stores"),
};

// Only a provider that is asked for its models can be seen to answer.
void check_ready_requires(Decoder& decoder, const Node& root, const Settings& settings) {
  const Node* const server = decoder.given(root, "server");
  const Node* const section =
      server == nullptr ? nullptr : decoder.given(*server, "ready_requires");
  if (section == nullptr) return;
  for (const std::string& id : settings.server.ready_requires) {
    const auto provider = std::ranges::find(settings.providers, id, &Provider::id);
    if (provider == settings.providers.end()) {
      decoder.error_at_key(*section, fmt::format("there is no provider {}", shown_key(id)));
    } else if (!provider->can_be_asked()) {
      decoder.error_at_key(*section, fmt::format("the provider {} cannot be asked for its "
                                                 "models, so nobody knows whether it answers",
                                                 shown_key(id)));
    }
  }
}

}  // namespace

void decode_document(Decoder& decoder, const Node& root, Draft& draft) {
  // Providers first, wherever they are: whether a model or a target is used depends on its
  // provider.
  Node ordered = root;
  std::stable_partition(ordered.children.begin(), ordered.children.end(),
                        [](const Node& entry) { return entry.key == "providers"; });
  decode_section<Draft>(decoder, ordered, kDocumentKeys, draft);
  if (decoder.given(root, "providers") == nullptr) {
    decoder.warning(root, "there are no `providers`, so no model is served");
  }
  check_admin(decoder, root, draft.settings);
  check_ready_requires(decoder, root, draft.settings);
  check_owners(decoder, root, draft.settings);
  settle_storage(decoder, root, draft);
  warn_of_what_is_not_enforced(decoder, root);
  settle_models(decoder, draft);
  settle_routing(decoder, root, draft);
}

void list_document_keys(KnownKeys& out) {
  list_section<Draft>("", kDocumentKeys, out);
}

}  // namespace penstock::config
