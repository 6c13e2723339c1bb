#pragma once

// The models that the simulator offers. Immutable, shared by all threads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace penstock::sim {

enum class ModelKind : std::uint8_t { kLanguage, kEmbedding };

struct Model {
  std::string id;
  std::string id_in_json;  // the contents of a JSON string
  ModelKind kind = ModelKind::kLanguage;
  std::string body;  // the answer of GET /v1/models/{id}
};

class Models {
 public:
  // Each of `names` is an id, or an id and its kind: `id=llm`, `id=embedding`. Fails with
  // kInvalidRequest if there is none, if one is empty, is repeated or has another kind.
  static Result<Models> make(const std::vector<std::string>& names,
                             std::size_t embedding_dimensions);

  const Model* find(std::string_view id) const;
  const Model& first() const { return models_.front(); }
  // The answer of GET /v1/models.
  const std::string& list_body() const { return list_body_; }

 private:
  std::vector<Model> models_;
  std::string list_body_;
};

}  // namespace penstock::sim
