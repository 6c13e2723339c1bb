#include "config/settle_upstream.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "config/credentials.h"
#include "config/decode_proxy.h"
#include "config/url.h"

namespace penstock::config {
namespace {

// The part of a base URL that begins the version of its API.
constexpr std::array<std::string_view, 2> kVersionPaths = {"/v1", "/serving-endpoints"};
// Of Azure's API with dated versions, which has one model below each such path.
constexpr std::string_view kDeployments = "/deployments/";

std::string replaced(std::string_view text, std::string_view place, std::string_view by) {
  std::string result(text);
  const std::size_t at = result.find(place);
  if (at != std::string::npos) result.replace(at, place.size(), by);
  return result;
}

// A base URL of the form that the type has, in another region.
void note_region(UpstreamDraft& draft) {
  constexpr std::string_view kRegion = "{region}";
  const std::string_view form = draft.preset.base_url;
  const std::size_t place = form.find(kRegion);
  if (place == std::string_view::npos || !draft.provider.base_url) return;
  const std::string text = draft.provider.base_url->text();
  const std::string_view before = form.substr(0, place);
  const std::string_view after = form.substr(place + kRegion.size());
  const bool fits = text.size() > before.size() + after.size() && text.starts_with(before) &&
                    text.ends_with(after);
  if (!fits) return;
  const std::string region = text.substr(before.size(), text.size() - before.size() - after.size());
  if (!region.contains('.')) draft.region = region;
}

// A URL of a preset; they are all valid.
Url url_of_preset(std::string_view text, const UpstreamDraft& draft) {
  return parse_url(replaced(text, "{region}", draft.region)).value_or(Url{});
}

bool is_at_default_host(const UpstreamDraft& draft) {
  return draft.provider.base_url &&
         draft.provider.base_url->host == url_of_preset(draft.preset.base_url, draft).host;
}

std::string root_of(const Url& base_url) {
  Url root = base_url;
  for (const std::string_view version : kVersionPaths) {
    if (!root.path.ends_with(version)) continue;
    root.path.resize(root.path.size() - version.size());
    break;
  }
  return root.text();
}

bool was_given(Decoder& decoder, const Node& section, std::string_view key) {
  return decoder.given(section, key) != nullptr;
}

// `url` is older: some types appended a path to it.
void complete_older_url(UpstreamDraft& draft) {
  std::optional<Url>& base_url = draft.provider.base_url;
  if (!base_url->path.empty()) return;
  const Url usual = url_of_preset(draft.preset.base_url, draft);
  base_url->path = usual.path.empty() ? "/v1" : usual.path;
}

void settle_base_url(Decoder& decoder, const Node& section, UpstreamDraft& draft) {
  Provider& provider = draft.provider;
  const Preset& preset = draft.preset;
  const Node* url = decoder.given(section, "url");
  const Node* base_url = decoder.given(section, "base_url");
  if (url != nullptr && base_url != nullptr) {
    decoder.error_at_key(*url, "url and base_url mean the same; give one of them");
  }
  if (preset.type == kPassthroughType) {
    if (!provider.base_url) return;
    auto settled =
        parse_base_url(provider.base_url->text(), provider.base_path, Ways::kTcpAndSockets);
    if (settled) provider.base_url = std::move(*settled);
    return;
  }
  provider.base_path = BasePath::kAsWritten;
  if (provider.base_url && url != nullptr) {
    complete_older_url(draft);
  } else if (provider.base_url && provider.base_url->path.empty()) {
    decoder.warning(*base_url,
                    "this is used as it is written, and most services have their API at /v1; if "
                    "this one does, add it");
  } else if (!provider.base_url && !preset.base_url.empty()) {
    provider.base_url = url_of_preset(preset.base_url, draft);
  } else if (!provider.base_url && url == nullptr && base_url == nullptr) {
    decoder.error(section, fmt::format("a provider of type {} needs the URL of its service in "
                                       "`base_url`, such as https://host/v1",
                                       preset.type));
  }
}

void settle_messages_url(UpstreamDraft& draft) {
  Provider& provider = draft.provider;
  const std::string_view usual = draft.preset.anthropic_base_url;
  if (provider.messages_url || usual.empty() || !is_at_default_host(draft)) return;
  provider.messages_url = parse_base_url(usual, BasePath::kEndsInV1).value_or(Url{});
}

void settle_listing(UpstreamDraft& draft) {
  const Preset& preset = draft.preset;
  Provider& provider = draft.provider;
  provider.listing.shape = preset.list_shape;
  provider.listing.surface = preset.list_surface;
  if (preset.list_url.empty() || !provider.base_url) return;
  const bool is_below_root = preset.list_url.starts_with("{root}");
  if (!is_below_root && !is_at_default_host(draft)) return;
  const std::string text = replaced(preset.list_url, "{root}", root_of(*provider.base_url));
  provider.listing.url = url_of_preset(text, draft);
}

// Azure has two APIs: one like OpenAI's at /openai/v1, and one with a dated version in the query
// and a path for each deployment of a model, which cannot list models.
void settle_azure(Decoder& decoder, const Node& section, UpstreamDraft& draft) {
  Provider& provider = draft.provider;
  const bool is_dated = provider.base_url && provider.base_url->path.contains(kDeployments);
  const Node* version = decoder.given(section, "api_version");
  if (!is_dated) {
    if (version != nullptr && !draft.api_version.empty()) {
      decoder.warning_at_key(*version,
                             "not sent: only a base_url with /openai/deployments/NAME needs it");
    }
    return;
  }
  provider.listing.shape = ModelListing::Shape::kNone;
  if (!was_given(decoder, section, "auth")) provider.auth = KeyForm::kApiKey;
  if (!draft.api_version.empty()) {
    provider.query.push_back({"api-version", Secret(draft.api_version)});
  } else if (!was_given(decoder, section, "query")) {
    decoder.error(section,
                  "this base_url needs an `api_version`, such as 2024-10-21; or give a base_url "
                  "that ends in /openai/v1");
  }
}

// Either a key, or a token and the project that its calls count for.
void settle_gemini(Decoder& decoder, const Node& section, UpstreamDraft& draft) {
  Provider& provider = draft.provider;
  if (draft.access_token.empty()) {
    if (draft.project.empty()) return;
    return decoder.error_at_key(*decoder.given(section, "project"),
                                "only calls with an access_token count for a project");
  }
  const Node& token = *decoder.given(section, "access_token");
  if (!provider.api_key.empty()) {
    decoder.error_at_key(token, "api_key and access_token exclude each other; give one of them");
  }
  if (draft.project.empty())
    decoder.error_at_key(token, "a token needs the `project` of its calls");
  provider.api_key = std::move(draft.access_token);
  provider.headers.push_back({"x-goog-user-project", Secret(draft.project)});
}

// tls_verify is the older way to say network.tls.verify, which wins.
void settle_tls_verify(Decoder& decoder, const Node& section, UpstreamDraft& draft) {
  if (!draft.tls_verify) return;
  const Node* network = decoder.given(section, "network");
  if (network != nullptr && was_given(decoder, *network, "tls")) return;
  draft.provider.tls.verify = draft.tls_verify->verify;
  draft.provider.tls.ca_file = draft.tls_verify->ca_file;
}

// A section of its own says everything, also that there is none.
void settle_proxies(Decoder& decoder, const Node& section, UpstreamDraft& draft) {
  const Node* network = decoder.given(section, "network");
  if (network != nullptr && was_given(decoder, *network, "proxy")) return;
  take_proxies_of_environment(decoder, section, draft.provider);
}

void check_key_forms(Decoder& decoder, const Node& section, const UpstreamDraft& draft) {
  const Provider& provider = draft.provider;
  const Node* key = decoder.given(section, draft.preset.key_setting);
  if (key == nullptr || provider.api_key.empty()) return;
  if (provider.auth == KeyForm::kNone && provider.messages_auth == KeyForm::kNone) {
    decoder.error_at_key(*key, "this is never sent, since `auth` is none; remove one of them");
  }
  const bool is_basic =
      provider.auth == KeyForm::kBasic || provider.messages_auth == KeyForm::kBasic;
  if (is_basic && !provider.api_key.reveal().contains(':')) {
    decoder.error(*key, "with `basic`, a key is a name and a password with a colon between them");
  }
}

void check_query(Decoder& decoder, const Node& section, const Provider& provider) {
  const Node* query = decoder.given(section, "query");
  const bool names_one =
      was_given(decoder, section, "url") || was_given(decoder, section, "base_url");
  if (query == nullptr || names_one || provider.base_url) return;
  decoder.error_at_key(*query,
                       "without a base_url, callers choose the upstream and nothing configured "
                       "here is sent to it; set base_url");
}

bool needs_key(const UpstreamDraft& draft) {
  const Provider& provider = draft.provider;
  if (provider.auth == KeyForm::kNone) return false;
  // A header or a query parameter may be the key.
  if (provider.api_key.empty() && has_credential(provider)) return false;
  switch (draft.preset.need) {
    case KeyNeed::kNever:
      return false;
    case KeyNeed::kAtDefaultHost:
      return is_at_default_host(draft);
    case KeyNeed::kAlways:
      return true;
  }
  return true;
}

}  // namespace

UpstreamDraft::UpstreamDraft(const Preset& preset_in, Provider provider_in)
    : preset(preset_in), provider(std::move(provider_in)) {
  provider.messages_auth = preset.messages_auth;
  provider.key_order = preset.key_order;
  provider.caller_keys.clear();
  for (const std::string_view key : words_of(preset.caller_keys)) {
    provider.caller_keys.emplace_back(key);
  }
}

void settle_upstream(Decoder& decoder, const Node& section, UpstreamDraft& draft) {
  Provider& provider = draft.provider;
  note_region(draft);
  settle_base_url(decoder, section, draft);
  settle_messages_url(draft);
  settle_listing(draft);
  settle_tls_verify(decoder, section, draft);
  settle_proxies(decoder, section, draft);
  if (draft.preset.has_setting("api_version")) settle_azure(decoder, section, draft);
  if (draft.preset.has_setting("access_token")) settle_gemini(decoder, section, draft);
  // One way for all of a service's APIs, unless it is said otherwise.
  const bool says_auth = was_given(decoder, section, "auth");
  if (says_auth && !was_given(decoder, section, "messages_auth")) {
    provider.messages_auth = provider.auth;
  }
  if (was_given(decoder, section, "append_v1") && was_given(decoder, section, "path")) {
    decoder.error_at_key(*decoder.given(section, "append_v1"),
                         "append_v1 is an older form of `path`; give one of them");
  }
  check_query(decoder, section, provider);
  check_key_forms(decoder, section, draft);
  provider.needs_key = needs_key(draft);
}

}  // namespace penstock::config
