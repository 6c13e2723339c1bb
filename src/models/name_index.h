#pragma once

// NameIndex: finds a model by its name, in one flat table.
//
// It is filled once, in a thread that has requests to answer, and there may be tens of thousands of
// names: a table with a node for each would take several times as long. The hash is keyed, because
// upstreams and clients choose the names (models/keyed_hash.h). Indexes that are asked for the same
// names share the key, so that a name is hashed once for all of them.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/keyed_hash.h"
#include "models/model.h"

namespace penstock::models {

class NameIndex {
 public:
  // Has room for so many names.
  NameIndex(std::size_t names_max, const KeyedHash& hash);

  // The name and the model must outlive the index. False if the name is there already, with
  // another model or the same one.
  bool add(std::string_view name, const Model& model);

  // Null if there is no such name. `hash` is the name's.
  const Model* find(std::string_view name, std::size_t hash) const;
  const Model* find(std::string_view name) const { return find(name, hash_(name)); }

 private:
  struct Slot {
    std::string_view name;
    const Model* model = nullptr;  // null: free
    std::uint32_t tag = 0;         // a part of the hash, so that few names are compared
  };
  // The slot of the name, or the free one where it belongs.
  std::size_t slot_of(std::string_view name, std::size_t hash) const;

  KeyedHash hash_;
  std::vector<Slot> slots_;  // open addressing; a power of two, never full
};

}  // namespace penstock::models
