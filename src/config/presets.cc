#include "config/presets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "config/key_name.h"

namespace penstock::config {
namespace {

using Shape = ModelListing::Shape;

constexpr std::string_view kAwsSettings =
    "region_name aws_bearer_token_bedrock api_key aws_access_key_id aws_secret_access_key "
    "aws_session_token aws_role_arn aws_web_identity_token_file aws_role_session_name profile_name "
    "total_max_attempts retry_mode connect_timeout read_timeout session_ttl";

constexpr std::array kPresets = {
    Preset{.type = kPassthroughType,
           .need = KeyNeed::kNever,
           .caller_keys = "passthrough_api_key",
           .further_settings = "append_v1 path",
           .key_order = KeyOrder::kOperatorFirst},
    Preset{.type = "remote::anthropic",
           .base_url = "https://api.anthropic.com/v1",
           .caller_keys = "anthropic_api_key",
           .messages_auth = KeyForm::kXApiKey,
           .list_surface = Surface::kAnthropic},
    Preset{.type = "remote::azure",
           .caller_keys = "azure_api_key",
           .further_settings = "api_version api_type"},
    Preset{.type = "remote::bedrock",
           .base_url = "https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
           .key_setting = "aws_bedrock_bearer_token",
           .caller_keys = "aws_bedrock_bearer_token aws_bearer_token_bedrock",
           .further_settings = kAwsSettings,
           .list_url = "https://bedrock-mantle.{region}.api.aws/v1/models"},
    Preset{.type = "remote::cerebras",
           .base_url = "https://api.cerebras.ai/v1",
           .caller_keys = "cerebras_api_key"},
    Preset{.type = "remote::databricks",
           .key_setting = "api_token",
           .caller_keys = "databricks_api_token",
           .list_shape = Shape::kServingEndpoints,
           .list_url = "{root}/api/2.0/serving-endpoints"},
    Preset{.type = "remote::deepseek",
           .base_url = "https://api.deepseek.com/v1",
           .caller_keys = "deepseek_api_key",
           .anthropic_base_url = "https://api.deepseek.com/anthropic",
           .messages_auth = KeyForm::kXApiKey},
    Preset{.type = "remote::fireworks",
           .base_url = "https://api.fireworks.ai/inference/v1",
           .caller_keys = "fireworks_api_key",
           .messages_auth = KeyForm::kXApiKey},
    Preset{.type = "remote::gemini",
           .base_url = "https://generativelanguage.googleapis.com/v1beta/openai",
           .caller_keys = "gemini_api_key",
           .further_settings = "access_token project"},
    Preset{.type = "remote::groq",
           .base_url = "https://api.groq.com/openai/v1",
           .caller_keys = "groq_api_key"},
    Preset{.type = "remote::llama-cpp-server",
           .base_url = "http://localhost:8080/v1",
           .need = KeyNeed::kNever},
    Preset{.type = "remote::llama-openai-compat",
           .base_url = "https://api.llama.com/compat/v1",
           .caller_keys = "llama_api_key"},
    Preset{.type = "remote::llama.cpp",
           .base_url = "http://localhost:8080/v1",
           .need = KeyNeed::kNever},
    Preset{.type = "remote::meta",
           .base_url = "https://api.meta.ai/v1",
           .caller_keys = "meta_api_key",
           .messages_auth = KeyForm::kXApiKey},
    Preset{.type = "remote::mistral",
           .base_url = "https://api.mistral.ai/v1",
           .caller_keys = "mistral_api_key"},
    Preset{.type = "remote::nvidia",
           .base_url = "https://integrate.api.nvidia.com/v1",
           .need = KeyNeed::kAtDefaultHost,
           .caller_keys = "nvidia_api_key",
           .further_settings = "timeout rerank_model_to_url"},
    Preset{
        .type = "remote::ollama", .base_url = "http://localhost:11434/v1", .need = KeyNeed::kNever},
    Preset{.type = "remote::openai",
           .base_url = "https://api.openai.com/v1",
           .caller_keys = "openai_api_key"},
    Preset{.type = "remote::openrouter",
           .base_url = "https://openrouter.ai/api/v1",
           .caller_keys = "openrouter_api_key"},
    Preset{.type = "remote::runpod", .key_setting = "api_token", .caller_keys = "runpod_api_token"},
    Preset{.type = "remote::sambanova",
           .base_url = "https://api.sambanova.ai/v1",
           .caller_keys = "sambanova_api_key"},
    Preset{.type = "remote::text-embeddings-inference",
           .base_url = "http://localhost:8080/v1",
           .need = KeyNeed::kNever,
           .list_shape = Shape::kOneModel,
           .list_url = "{root}/info"},
    Preset{.type = "remote::tgi", .need = KeyNeed::kNever},
    Preset{.type = "remote::together",
           .base_url = "https://api.together.xyz/v1",
           .caller_keys = "together_api_key"},
    Preset{.type = "remote::vllm",
           .need = KeyNeed::kNever,
           .key_setting = "api_token",
           .caller_keys = "vllm_api_token",
           .further_settings = "max_tokens fairness_header_attribute tls_verify"},
};

// Types of the reference that need more than a URL and a key.
struct Unserved {
  std::string_view type;
  std::string_view advice;
};
constexpr std::array kUnserved = {
    Unserved{"remote::oci",
             "its requests are signed, which this server does not do; put a proxy in front that "
             "signs, and use remote::passthrough with its base_url"},
    Unserved{"remote::vertexai",
             "Google's default credentials are not supported; use remote::gemini with an api_key, "
             "or remote::passthrough with the base_url of the project's OpenAI endpoint and a "
             "token that you renew"},
    Unserved{"remote::watsonx",
             "its key has to be exchanged for a token every hour, which this server does not do; "
             "put a proxy in front that does, and use remote::passthrough with its base_url"},
};

constexpr std::string_view kRemote = "remote::";

std::string_view without_kind(std::string_view type) {
  if (type.starts_with(kRemote)) type.remove_prefix(kRemote.size());
  return type;
}

}  // namespace

bool Preset::has_setting(std::string_view name) const {
  return std::ranges::count(words_of(further_settings), name) > 0;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    words.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(std::min(text.size(), words.back().size() + 1));
  }
  return words;
}

std::span<const Preset> presets() {
  return kPresets;
}

const Preset* find_preset(std::string_view type) {
  const auto found = std::ranges::find(kPresets, type, &Preset::type);
  return found == kPresets.end() ? nullptr : found;
}

std::string advice_about(std::string_view type) {
  for (const Unserved& unserved : kUnserved) {
    if (type == unserved.type) return std::string(unserved.advice);
  }
  if (type.starts_with("inline::")) {
    return "no model runs in this process; let a server run it, such as vLLM, llama.cpp or "
           "text-embeddings-inference, and use the type of that server";
  }
  std::string advice =
      "the type is unknown; for a service with an OpenAI-compatible API use remote::passthrough "
      "with its base_url and api_key";
  std::vector<std::string_view> names;
  for (const Preset& preset : kPresets) names.push_back(without_kind(preset.type));
  const std::string_view near = nearest_key(without_kind(type), names);
  if (near.empty()) return advice;
  return fmt::format("did you mean `{}{}`? Otherwise, {}", kRemote, near, advice);
}

}  // namespace penstock::config
