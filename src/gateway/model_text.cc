#include "gateway/model_text.h"

#include <algorithm>
#include <array>

#include "core/json_reader.h"
#include "core/json_writer.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kOwner = "ogx";

// Members of the single form that list entries lack: an upstream's members of these names are left
// out.
constexpr std::array<std::string_view, 7> kSingleMembers = {
    "identifier", "provider_resource_id", "provider_id",     "type",
    "metadata",   "model_type",           "model_validation"};

std::string members_of_single(const models::Model& model) {
  const std::string object = "{" + model.further_members + "}";
  const auto document =
      JsonDocument::read(object, {.depth = object.size(), .values = object.size()});
  if (!document) return {};
  const std::string kept = without_members(document->root(), kSingleMembers);
  return kept.substr(1, kept.size() - 2);
}

}  // namespace

void append_list_entry(std::string& out, const models::Model& model, std::string_view provider_id) {
  const std::string_view before = model.metadata.members_before();
  JsonWriter writer(out);
  writer.begin_object()
      .member("id", model.id)
      .member("object", "model")
      .number_member("created", model.created)
      .member("owned_by", kOwner)
      .key("custom_metadata")
      .begin_object()
      .member("model_type", model.type)
      .member("provider_id", provider_id)
      .member("provider_resource_id", model.upstream_id)
      .raw_members(before);
  if (before.empty()) {
    writer.raw_members(model.metadata.members_after());
  } else {
    out.append(model.metadata.members_after());  // with their comma
  }
  writer.end_object().raw_members(model.further_members).end_object();
}

std::size_t list_entry_bytes(const models::Model& model, std::string_view provider_id) {
  constexpr std::size_t kOwnBytes = 192;
  return kOwnBytes + model.id.size() + model.upstream_id.size() + model.type.size() +
         provider_id.size() + model.metadata.text().size() + model.further_members.size();
}

std::string single_model(const models::Model& model, std::string_view provider_id) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .member("identifier", model.id)
      .member("provider_resource_id", model.upstream_id)
      .member("provider_id", provider_id)
      .member("type", "model")
      .raw_member("metadata", model.metadata.text())
      .number_member("created", model.created)
      .member("owned_by", kOwner)
      .member("model_type", model.type)
      .raw_member("model_validation", "null")
      .member("id", model.id)
      .member("object", "model")
      .raw_members(members_of_single(model))
      .end_object();
  return out;
}

}  // namespace penstock::gateway
