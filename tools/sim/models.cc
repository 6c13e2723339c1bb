#include "sim/models.h"

#include "core/text.h"
#include "sim/answers.h"
#include "sim/refusals.h"

namespace penstock::sim {
namespace {

std::string body_of(const Model& model, std::size_t embedding_dimensions) {
  std::string body = "{\"id\":\"" + model.id_in_json + "\",\"object\":\"model\",\"created\":";
  body.append(kCreated).append(",\"owned_by\":\"penstock-sim\",\"custom_metadata\":");
  if (model.kind == ModelKind::kEmbedding) {
    body.append("{\"model_type\":\"embedding\",\"embedding_dimension\":")
        .append(std::to_string(embedding_dimensions))
        .append("}}");
  } else {
    body.append("{\"model_type\":\"llm\"}}");
  }
  return body;
}

}  // namespace

Result<Models> Models::make(const std::vector<std::string>& names,
                            std::size_t embedding_dimensions) {
  if (names.empty()) return refusal("no model is given");
  Models models;
  models.list_body_ = "{\"object\":\"list\",\"data\":[";
  for (const std::string& name : names) {
    Model model;
    const std::size_t mark = name.rfind('=');
    model.id = name.substr(0, mark);
    if (mark != std::string::npos) {
      const std::string kind = name.substr(mark + 1);
      if (kind == "embedding") {
        model.kind = ModelKind::kEmbedding;
      } else if (kind != "llm") {
        return refusal("a model's kind is llm or embedding, not '" + kind + "'");
      }
    }
    if (model.id.empty()) return refusal("a model's name is empty");
    if (models.find(model.id) != nullptr) return refusal("'" + model.id + "' is given twice");
    append_json_escaped(model.id_in_json, model.id);
    model.body = body_of(model, embedding_dimensions);
    if (!models.models_.empty()) models.list_body_.push_back(',');
    models.list_body_.append(model.body);
    models.models_.push_back(std::move(model));
  }
  models.list_body_.append("]}");
  return models;
}

const Model* Models::find(std::string_view id) const {
  for (const Model& model : models_) {
    if (model.id == id) return &model;
  }
  return nullptr;
}

}  // namespace penstock::sim
