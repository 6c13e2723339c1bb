// The reader of model lists: cuts do not matter; what is taken keeps its bounds and is sound JSON;
// where another reader takes the text for a list, its entries hold what was taken. Each input is
// read in each of the shapes that services have. Its first two bytes choose the cuts.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/endpoint.h"
#include "core/json_reader.h"
#include "models/listing.h"
#include "require.h"

namespace {

using penstock::JsonDocument;
using penstock::fuzz::require;
using penstock::models::ListBounds;
using penstock::models::ListedModel;
using penstock::models::ListReader;
using Shape = penstock::config::ModelListing::Shape;

// Small ones, so that inputs reach them.
const ListBounds kBounds{.bytes = 1 << 20,
                         .entries = 8,
                         .entry_bytes = 512,
                         .pages = 1,
                         .id_bytes = 16,
                         .metadata_bytes = 64,
                         .json = {.depth = 16, .values = 64}};

struct Outcome {
  std::vector<std::string> models;  // each: what was taken of it
  std::string notes;
  std::string last_id;
  bool has_more = false;
  bool is_list = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void check(const ListedModel& model) {
  require(!model.id.empty() && model.id.size() <= kBounds.id_bytes);
  require(model.metadata.text().size() <= kBounds.metadata_bytes);
  require(JsonDocument::read(model.metadata.text()).has_value());
  require(JsonDocument::read("{" + model.further_members + "}").has_value());
}

// Pieces of sizes that `seed` chooses; 0: one piece.
Outcome read(std::string_view text, Shape shape, std::uint32_t seed) {
  Outcome outcome;
  std::set<std::string> ids;
  const auto take = [&](const ListedModel& model) {
    check(model);
    require(ids.insert(model.id).second);
    outcome.models.push_back(model.id + '\n' + model.type + '\n' +
                             std::string(model.metadata.text()) + '\n' + model.further_members);
  };
  ListReader reader(kBounds, take, shape);
  while (!text.empty()) {
    seed = seed == 0 ? 0 : seed * 1664525U + 1013904223U;
    const std::size_t size = seed == 0 ? text.size() : 1 + (seed >> 16) % 97;
    if (!reader.feed(text.substr(0, size))) return outcome;
    text.remove_prefix(std::min(size, text.size()));
  }
  require(outcome.models.size() <= kBounds.entries);
  if (const auto page = reader.end_page()) {
    outcome.is_list = true;
    outcome.has_more = page->has_more;
    outcome.last_id = page->last_id;
  }
  outcome.notes = reader.notes().text();
  return outcome;
}

std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return deepest;
}

// The ids that the other reader finds; nullopt if it takes the text for no list.
std::optional<std::set<std::string>> ids_in(const nlohmann::json& text, Shape shape) {
  if (!text.is_object()) return {};
  std::set<std::string> ids;
  const auto note = [&](const nlohmann::json& entry, const char* key) {
    if (entry.is_object() && entry.contains(key) && entry[key].is_string()) {
      ids.insert(entry[key].get<std::string>());
    }
  };
  if (shape == Shape::kOneModel) {
    note(text, "model_id");
    return ids;
  }
  const bool is_endpoints = shape == Shape::kServingEndpoints;
  const char* const list = is_endpoints ? "endpoints" : "data";
  if (!text.contains(list) || !text[list].is_array()) return {};
  for (const auto& entry : text[list]) note(entry, is_endpoints ? "name" : "id");
  return ids;
}

void check_shape(std::string_view text, Shape shape, std::uint32_t seed) {
  const Outcome whole = read(text, shape, 0);
  const Outcome cut = read(text, shape, seed);
  if (whole.is_list || cut.is_list) require(whole == cut);
  // The other reader recurses.
  if (!whole.is_list || depth_of(text) > 256) return;
  const auto theirs = nlohmann::json::parse(text, nullptr, false);
  if (theirs.is_discarded()) return;
  const auto ids = ids_in(theirs, shape);
  if (!ids) return;
  for (const std::string& model : whole.models) {
    require(ids->contains(model.substr(0, model.find('\n'))));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t seed = data[0] + 256U * data[1] + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  for (const Shape shape : {Shape::kData, Shape::kServingEndpoints, Shape::kOneModel}) {
    check_shape(text, shape, seed);
  }
  return 0;
}
