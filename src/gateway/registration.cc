#include "gateway/registration.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "config/model_name.h"

namespace penstock::gateway {
namespace {

using models::Registry;

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

// Nullopt if there is no such member, or it is null.
Result<std::optional<std::string>> text_member(const JsonValue& object, std::string_view name) {
  const std::optional<JsonValue> member = object.find(name);
  if (!member || member->is_null()) return std::optional<std::string>();
  if (member->is_string()) return std::optional<std::string>(member->text());
  return failure(invalid(std::string(name) + " must be a string"));
}

// Reads the strings of a registration. Errors: kInvalidRequest.
Status read_texts(const JsonValue& body, Registry::Registration& registration) {
  auto id = text_member(body, "model_id");
  if (!id) return failure(std::move(id.error()));
  if (!*id) return failure(invalid("model_id is required"));
  registration.model_id = std::move(**id);
  const struct {
    std::string_view name;
    std::optional<std::string>& into;
  } rows[] = {{"provider_model_id", registration.provider_model_id},
              {"provider_id", registration.provider_id},
              {"model_type", registration.type}};
  for (const auto& [name, into] : rows) {
    auto text = text_member(body, name);
    if (!text) return failure(std::move(text.error()));
    into = std::move(*text);
  }
  if (!registration.type) return {};
  const std::string_view type = *registration.type;
  if (type == "llm" || type == "embedding" || type == "rerank") return {};
  return failure(invalid("model_type must be llm, embedding or rerank"));
}

Status read_metadata(const JsonValue& body, Registry::Registration& registration) {
  const std::optional<JsonValue> metadata = body.find("metadata");
  if (!metadata || metadata->is_null()) return {};
  if (!metadata->is_object()) return failure(invalid("metadata must be an object"));
  if (const auto marker = metadata->find(config::kUnprefixedAliasKey)) {
    const bool is_true = marker->kind() == JsonValue::Kind::kTrue;
    if (!is_true && marker->kind() != JsonValue::Kind::kFalse) {
      return failure(invalid("metadata._unprefixed_alias must be true or false"));
    }
    registration.unprefixed_alias = is_true;
  }
  constexpr std::array kNotShown = {config::kUnprefixedAliasKey};
  registration.metadata = without_members(*metadata, kNotShown);
  return {};
}

}  // namespace

Result<Registry::Registration> read_registration(std::string_view body, const JsonBounds& bounds) {
  const auto document = JsonDocument::read(body, bounds);
  if (!document) return failure(document.error().of_request("the body"));
  if (!document->root().is_object()) return failure(invalid("the body must be a JSON object"));
  Registry::Registration registration;
  Status read = read_texts(document->root(), registration);
  if (read) read = read_metadata(document->root(), registration);
  if (!read) return failure(std::move(read.error()));
  return registration;
}

}  // namespace penstock::gateway
