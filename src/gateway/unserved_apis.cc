#include "gateway/unserved_apis.h"

#include <array>

namespace penstock::gateway {
namespace {

struct UnservedApi {
  std::string_view prefix;
  std::string_view name;
};

constexpr std::array<UnservedApi, 20> kUnserved = {{
    {"/v1/files", "Files API"},
    {"/v1/uploads", "Uploads API"},
    {"/v1/batches", "Batch API"},
    {"/v1/vector_stores", "Vector Stores API"},
    {"/v1/containers", "Containers API"},
    {"/v1/skills", "Skills API"},
    {"/v1/videos", "Videos API"},
    {"/v1/realtime", "Realtime API"},
    {"/v1/assistants", "Assistants API"},
    {"/v1/threads", "Assistants API"},
    {"/v1/images/edits", "Images API's upload of images"},
    {"/v1/images/variations", "Images API's upload of images"},
    {"/v1/audio/transcriptions", "Audio API's upload of recordings"},
    {"/v1/audio/translations", "Audio API's upload of recordings"},
    {"/v1/organization", "Administration API of OpenAI"},
    {"/v1/organizations", "Administration API of Anthropic"},
    {"/v1/prompts", "Prompts API"},
    {"/v1alpha", "v1alpha level of the Llama Stack API"},
    {"/v1beta", "Gemini API"},
    {"/api", "Ollama API"},
}};

// A whole path, or what precedes a slash in it.
bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

std::string unserved_api(std::string_view path) {
  for (const UnservedApi& api : kUnserved) {
    if (is_below(path, api.prefix)) {
      return "the " + std::string(api.name) +
             " is not served here; a provider with any_path: true gets it under /p/ID" +
             std::string(api.prefix);
    }
  }
  return {};
}

}  // namespace penstock::gateway
