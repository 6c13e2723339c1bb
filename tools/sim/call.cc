#include "sim/call.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace penstock::sim {

std::optional<std::string> Call::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.substr(0, pair.find('=')) != name) continue;
    return percent_decode(pair.substr(std::min(pair.size(), name.size() + 1)));
  }
  return std::nullopt;
}

Result<const Model*> Call::model() const {
  const std::string name = text_member(body, "model");
  if (name.empty()) return invalid_request("Missing required parameter: 'model'.");
  if (const Model* model = world.models.find(name)) return model;
  return failure(unknown_model(name));
}

Result<const Model*> Call::language_model() const {
  Result<const Model*> found = model();
  if (found && (*found)->kind == ModelKind::kEmbedding) {
    return failure(model_not_served(**found));
  }
  return found;
}

Made made_of(const Json& json) {
  return {.body = text_of(json)};
}

Made made_of_events(EventScript events) {
  return {.content_type = kEventStreamType, .events = std::move(events)};
}

Json list_of(Json data) {
  Json list{
      {"object", "list"}, {"data", Json::array()}, {"first_id", nullptr}, {"last_id", nullptr}};
  if (!data.empty()) {
    list["first_id"] = data.front().value("id", "");
    list["last_id"] = data.back().value("id", "");
  }
  list["data"] = std::move(data);
  list["has_more"] = false;
  return list;
}

Error unknown_model(std::string_view name) {
  std::string message = "The model '";
  message.append(name).append("' does not exist or you do not have access to it.");
  return Error::client(ErrorKind::kModelNotFound, std::move(message));
}

Error model_not_served(const Model& model) {
  return Error::client(ErrorKind::kInvalidRequest,
                       "The model '" + model.id + "' is not served by this route.");
}

std::unexpected<Error> invalid_request(std::string message) {
  return failure(Error::client(ErrorKind::kInvalidRequest, std::move(message)));
}

std::unexpected<Error> not_found(std::string_view kind, std::string_view id) {
  std::string message(kind);
  message.append(" with id '").append(id).append("' not found.");
  return failure(Error::client(ErrorKind::kNotFound, std::move(message)));
}

}  // namespace penstock::sim
