#include "app/upstream_kind.h"

#include <array>

#include "config/presets.h"
#include "config/url.h"
#include "core/text.h"

namespace penstock::app {
namespace {

// What a service's list of models says and no other one does. The first that fits counts.
struct Mark {
  std::string_view text;
  std::string_view name;
  std::string_view provider_id;
  std::string_view provider_type;
};

constexpr std::array<Mark, 8> kMarks = {{
    {R"("owned_by":"penstock")", "Penstock", "penstock", "remote::passthrough"},
    {R"("custom_metadata")", "OGX, Llama Stack or Penstock", "gateway", "remote::passthrough"},
    {R"("owned_by":"vllm")", "vLLM", "vllm", "remote::vllm"},
    {R"("owned_by":"library")", "Ollama", "ollama", "remote::ollama"},
    {R"("owned_by":"llamacpp")", "llama.cpp", "llama-cpp", "remote::llama.cpp"},
    {R"("owned_by":"organization_owner")", "LM Studio", "lm-studio", "remote::passthrough"},
    {R"("owned_by":"sglang")", "SGLang", "sglang", "remote::passthrough"},
    {R"("owned_by":"llama-swap")", "llama-swap", "llama-swap", "remote::passthrough"},
}};

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out.push_back(c);
  }
  return out;
}

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool is_remote_host(std::string_view host) {
  return host.contains('.') && !host.starts_with("127.");
}

}  // namespace

UpstreamKind kind_by_host(std::string_view host) {
  for (const config::Preset& preset : config::presets()) {
    const auto url = config::parse_url(preset.base_url);
    if (!url || url->host != host || !is_remote_host(host)) continue;
    constexpr std::string_view kRemote = "remote::";
    const std::string id(preset.type.substr(kRemote.size()));
    return {.name = id,
            .provider_id = id,
            .provider_type = std::string(preset.type),
            .key_variable = upper_case(config::words_of(preset.caller_keys).front())};
  }
  return {.name = "a service with an OpenAI-compatible API",
          .provider_id = "main",
          .provider_type = std::string(config::kPassthroughType),
          .key_variable = {}};
}

UpstreamKind kind_by_list(const UpstreamKind& by_host, std::string_view list) {
  if (by_host.provider_type != config::kPassthroughType) return by_host;
  const std::string text = without_spaces(list);
  for (const Mark& mark : kMarks) {
    if (!text.contains(mark.text)) continue;
    return {.name = std::string(mark.name),
            .provider_id = std::string(mark.provider_id),
            .provider_type = std::string(mark.provider_type),
            .key_variable = by_host.key_variable};
  }
  return by_host;
}

}  // namespace penstock::app
