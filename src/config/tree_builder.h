#pragma once

// From yaml-cpp's graph of nodes to the plain tree of node.h; used only by node.cc.

#include <yaml-cpp/yaml.h>

#include <string>

#include "config/node.h"

namespace penstock::config {

// From yaml-cpp's marks, which count from 0.
Position position_of(const YAML::Mark& mark);

class TreeBuilder {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  // Fills `out`, whose path and key are set, from `yaml`. False if a limit of the document is
  // exceeded, which has then been reported. May throw YAML::Exception.
  [[nodiscard]] bool build(const YAML::Node& yaml, Node& out, std::size_t depth = 0);

 private:
  bool build_list(const YAML::Node& yaml, Node& out, std::size_t depth);
  bool build_map(const YAML::Node& yaml, Node& out, std::size_t depth);
  bool build_entry(const YAML::Node& key, const YAML::Node& value, Node& map, Node& merged,
                   std::size_t depth);
  void merge(const Node& source, Node& target);

  Problems& problems_;
  std::size_t nodes_ = 0;
};

}  // namespace penstock::config
