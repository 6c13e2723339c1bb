#pragma once

// `penstock models`: what the upstreams serve, asked now and shown as a table.

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
  std::vector<std::string> problems;  // one line for each provider that could not be asked

  // Columns as wide as their longest entry, under a heading.
  std::string text() const;
};

// Asks each provider in turn, on the calling thread.
ModelTable ask_for_models(const config::Settings& settings);

}  // namespace penstock::app
