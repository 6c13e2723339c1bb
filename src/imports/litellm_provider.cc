#include "imports/litellm_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "config/key_name.h"
#include "config/presets.h"

namespace penstock::imports {
namespace {

// What stands before the first slash of `litellm_params.model`.
struct Prefix {
  std::string_view name;
  std::string_view type;
  std::string_view variable = {};  // of its key, in LiteLLM; empty: works without one
  std::string_view url = {};       // if it is not the type's own
};

constexpr std::array kPrefixes = {
    Prefix{"openai", "remote::openai", "OPENAI_API_KEY"},
    Prefix{"text-completion-openai", "remote::openai", "OPENAI_API_KEY"},
    Prefix{"azure", "remote::azure", "AZURE_API_KEY"},
    Prefix{"anthropic", "remote::anthropic", "ANTHROPIC_API_KEY"},
    Prefix{"gemini", "remote::gemini", "GEMINI_API_KEY"},
    Prefix{"groq", "remote::groq", "GROQ_API_KEY"},
    Prefix{"mistral", "remote::mistral", "MISTRAL_API_KEY"},
    Prefix{"deepseek", "remote::deepseek", "DEEPSEEK_API_KEY"},
    Prefix{"fireworks_ai", "remote::fireworks", "FIREWORKS_AI_API_KEY"},
    Prefix{"together_ai", "remote::together", "TOGETHERAI_API_KEY"},
    Prefix{"cerebras", "remote::cerebras", "CEREBRAS_API_KEY"},
    Prefix{"sambanova", "remote::sambanova", "SAMBANOVA_API_KEY"},
    Prefix{"openrouter", "remote::openrouter", "OPENROUTER_API_KEY"},
    Prefix{"nvidia_nim", "remote::nvidia", "NVIDIA_NIM_API_KEY"},
    Prefix{"databricks", "remote::databricks", "DATABRICKS_API_KEY"},
    Prefix{"ollama", "remote::ollama"},
    Prefix{"ollama_chat", "remote::ollama"},
    Prefix{"hosted_vllm", "remote::vllm"},
    Prefix{"vllm", "remote::vllm"},
    Prefix{"xai", "remote::passthrough", "XAI_API_KEY", "https://api.x.ai/v1"},
    Prefix{"lm_studio", "remote::passthrough"},
    Prefix{"llamafile", "remote::passthrough"},
    Prefix{"litellm_proxy", "remote::passthrough"},
    Prefix{"openai_like", "remote::passthrough"},
    Prefix{"custom_openai", "remote::passthrough"},
};

const Prefix* find_prefix(std::string_view name) {
  const auto* found = std::ranges::find(kPrefixes, name, &Prefix::name);
  return found == kPrefixes.end() ? nullptr : found;
}

// LiteLLM knows these names without a prefix.
std::string_view prefix_of_bare_name(std::string_view model) {
  for (const std::string_view begin : {"gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-"}) {
    if (model.starts_with(begin)) return "openai";
  }
  return model.starts_with("claude-") ? "anthropic" : "";
}

std::string without_final_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

void set_passthrough_url(ProviderDraft& provider, std::string url) {
  provider.is_path_as_is = !url.ends_with("/v1");
  provider.url = std::move(url);
}

// The path of OpenAI's API at Azure, which names no version.
std::string azure_url(std::string base) {
  return base.find("/openai") != std::string::npos ? base : base + "/openai/v1";
}

void set_url(const Prefix& prefix, std::string base, ProviderDraft& provider) {
  base = without_final_slash(std::move(base));
  const bool is_compatible = prefix.type == "remote::openai" && !base.empty();
  if (is_compatible) {
    provider.id = "openai-compatible";
    provider.type = config::kPassthroughType;
  }
  if (base.empty()) base = prefix.url;
  if (provider.type == config::kPassthroughType) {
    set_passthrough_url(provider, std::move(base));
  } else if (provider.type == "remote::azure") {
    provider.url = azure_url(base.empty() ? reference_to("AZURE_API_BASE") : std::move(base));
  } else if (!base.empty()) {
    // Without a path, it gets that of the type.
    provider.url_setting = "url";
    provider.url = std::move(base);
  }
}

// The name of the provider and the model's name there.
std::pair<std::string, std::string> split_model(Section& params, const std::string& model,
                                                bool has_base) {
  std::string name = params.take_text("custom_llm_provider");
  if (!name.empty()) {
    const bool is_repeated = model.starts_with(name + "/");
    return {name, is_repeated ? model.substr(name.size() + 1) : model};
  }
  const std::size_t slash = model.find('/');
  const std::string_view before = std::string_view(model).substr(0, slash);
  if (slash != std::string::npos && find_prefix(before) != nullptr) {
    return {std::string(before), model.substr(slash + 1)};
  }
  name = prefix_of_bare_name(model);
  if (name.empty() && has_base) name = "openai";
  if (name.empty() && slash != std::string::npos) name = before;
  return {name, model};
}

}  // namespace

std::string litellm_text(std::string_view text) {
  constexpr std::string_view kMark = "os.environ/";
  if (!text.starts_with(kMark)) return std::string(text);
  return reference_to(variable_name(text.substr(kMark.size())));
}

std::string litellm_secret(const config::Node& node, std::string_view variable,
                           config::Problems& problems) {
  std::string text = litellm_text(node.text);
  if (text != node.text) return text;
  remark(problems, node, fmt::format("the secret is not repeated: set the variable {}", variable));
  return reference_to(variable);
}

std::optional<LiteLlmPlace> litellm_place(Section& params) {
  const config::Node* model_node = params.take("model");
  if (model_node == nullptr || model_node->kind != config::Node::Kind::kScalar) {
    remark(params.problems(), params.node(), "not carried over: it has no `model`");
    return std::nullopt;
  }
  const config::Node* key = params.take("api_key");
  std::string base = litellm_text(params.take_text("api_base"));
  if (base.empty()) base = litellm_text(params.take_text("base_url"));
  const auto [name, model] = split_model(params, litellm_text(model_node->text), !base.empty());
  const Prefix* prefix = find_prefix(name);
  if (prefix == nullptr) {
    remark(params.problems(), *model_node,
           name.empty() ? "not carried over: it names no provider, as in openai/NAME"
                        : fmt::format("not carried over: the provider {} is not served; if it has "
                                      "an OpenAI-compatible API, add it as {}",
                                      config::shown_key(name), config::kPassthroughType));
    return std::nullopt;
  }
  LiteLlmPlace place{
      .provider = {.id = std::string(prefix->name), .type = std::string(prefix->type)},
      .model = model};
  ProviderDraft& provider = place.provider;
  std::ranges::replace(provider.id, '_', '-');
  set_url(*prefix, base, provider);
  if (provider.type == "remote::azure") params.pass_over("api_version");
  if (provider.type == config::kPassthroughType && provider.url.empty()) {
    remark(params.problems(), *model_node, "not carried over: it has no `api_base`");
    return std::nullopt;
  }
  const config::Preset* preset = config::find_preset(provider.type);
  if (preset != nullptr) provider.key_setting = preset->key_setting;
  const std::string variable(prefix->variable.empty() ? variable_name(provider.id) + "_API_KEY"
                                                      : std::string(prefix->variable));
  if (key != nullptr && !key->text.empty()) {
    provider.key = litellm_secret(*key, variable, params.problems());
  } else if (!prefix->variable.empty() && provider.id != "openai-compatible") {
    provider.key = reference_to(variable);
  }
  return place;
}

}  // namespace penstock::imports
