#include "app/configuration.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <utility>

#include "config/load.h"

namespace penstock::app {

std::shared_ptr<config::Settings> load_configuration(const ConfigSource& source,
                                                     std::vector<config::FileText>* files) {
  const config::Environment environment = config::process_environment();
  config::Loaded loaded = source.file.empty() ? config::load_text(config::built_in_configuration(),
                                                                  "built-in", environment)
                                              : config::load_file(source.file, environment);
  for (const config::Problem& problem : loaded.problems) std::cerr << problem.text() << "\n";
  if (!loaded.settings) return nullptr;
  if (files != nullptr) std::ranges::move(loaded.files, std::back_inserter(*files));
  return std::make_shared<config::Settings>(std::move(*loaded.settings));
}

}  // namespace penstock::app
