#pragma once

// Models in Anthropic's shape (docs.anthropic.com, "List Models" and "Get a Model").
//
// The list is sorted by id and has pages; a page is picked from the catalog in one pass, and holds
// only as many models as it shows.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "models/model.h"

namespace penstock::gateway {

// What a client asks for with `limit`, `after_id` and `before_id`.
struct ModelPage {
  std::size_t limit = 20;
  std::optional<std::string> after_id;
  std::optional<std::string> before_id;

  // Fails with kInvalidRequest if the limit is no number from 1 to 1000, or both ids are given.
  static Result<ModelPage> read(std::string_view query);
};

class ModelPicker {
 public:
  // `page` outlives the picker.
  explicit ModelPicker(const ModelPage& page) : page_(page) {}

  // Each model of the catalog, once; it outlives the picker.
  void offer(const models::Model& model);
  // The page as JSON.
  std::string text();

 private:
  bool is_nearer(const models::Model* a, const models::Model* b) const;

  const ModelPage& page_;
  // The nearest ones so far, one more than the page shows: a heap with the farthest at its front.
  std::vector<const models::Model*> picked_;
};

std::string anthropic_model(const models::Model& model);

}  // namespace penstock::gateway
