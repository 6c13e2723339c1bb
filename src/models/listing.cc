#include "models/listing.h"

#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

namespace penstock::models {
namespace {

constexpr std::size_t kIdBytesMax = 512;

bool is_model_type(const std::string& text) {
  return text == "llm" || text == "embedding" || text == "rerank";
}

bool is_usable_id(const nlohmann::ordered_json& id) {
  if (!id.is_string()) return false;
  const auto& text = id.get_ref<const std::string&>();
  if (text.empty() || text.size() > kIdBytesMax) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return true;
}

ListedModel read_model(const nlohmann::ordered_json& entry) {
  ListedModel model;
  model.id = entry["id"].get<std::string>();
  const auto custom = entry.find("custom_metadata");
  if (custom == entry.end() || !custom->is_object()) return model;
  nlohmann::ordered_json metadata = *custom;
  const auto type = metadata.find("model_type");
  if (type != metadata.end() && type->is_string() && is_model_type(type->get<std::string>())) {
    model.type = type->get<std::string>();
    model.type_is_stated = true;
  }
  metadata.erase("provider_id");
  metadata.erase("provider_resource_id");
  model.metadata = metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return model;
}

}  // namespace

Result<std::vector<ListedModel>> parse_model_list(std::string_view json) {
  const auto parsed = nlohmann::ordered_json::parse(json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("data") || !parsed["data"].is_array()) {
    return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                                   "the upstream's model list is not one"));
  }
  std::vector<ListedModel> models;
  std::unordered_set<std::string> seen;
  for (const auto& entry : parsed["data"]) {
    if (!entry.is_object() || !entry.contains("id") || !is_usable_id(entry["id"])) continue;
    if (seen.insert(entry["id"].get<std::string>()).second) models.push_back(read_model(entry));
  }
  return models;
}

}  // namespace penstock::models
