#pragma once

// `penstock models`: the models that a server with this configuration would list, after asking its
// upstreams, as a table.

#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"

namespace penstock::app {

struct ModelTable {
  struct Row {
    std::string model;  // as clients name it
    std::string provider;
    std::string upstream_model;
    std::string type;
  };
  std::vector<Row> rows;
  // One line for each provider that could not be asked, and each model that cannot be served.
  std::vector<std::string> problems;
  // What was left out of a list.
  std::vector<std::string> warnings;

  // Columns as wide as their longest entry, under a heading.
  std::string text() const;
};

// Asks each provider in turn, on the calling thread.
ModelTable ask_for_models(std::shared_ptr<const config::Settings> settings);

}  // namespace penstock::app
