#include "models/name_index.h"

#include <bit>

namespace penstock::models {
namespace {

std::uint32_t tag_of(std::size_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

NameIndex::NameIndex(std::size_t names_max, const KeyedHash& hash)
    : hash_(hash), slots_(std::bit_ceil(names_max + names_max / 2 + 1)) {}

std::size_t NameIndex::slot_of(std::string_view name, std::size_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].model != nullptr; at = (at + 1) & mask) {
    if (slots_[at].tag == tag_of(hash) && slots_[at].name == name) break;
  }
  return at;
}

bool NameIndex::add(std::string_view name, const Model& model) {
  const std::size_t hash = hash_(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot.model != nullptr) return false;
  slot = {name, &model, tag_of(hash)};
  return true;
}

const Model* NameIndex::find(std::string_view name, std::size_t hash) const {
  return slots_[slot_of(name, hash)].model;
}

}  // namespace penstock::models
