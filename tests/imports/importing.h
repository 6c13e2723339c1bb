#pragma once

// What the tests of the importers share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "imports/import.h"
#include "support/paths.h"

namespace penstock::imports {

inline std::vector<std::string> texts_of(const std::vector<config::Problem>& problems) {
  std::vector<std::string> texts;
  for (const config::Problem& problem : problems) texts.push_back(problem.text());
  return texts;
}

inline std::string data(std::string_view name) {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/tests/imports/data/" + std::string(name));
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

// The example file of a source, under the name that it usually has.
inline Imported import_example(Source source) {
  switch (source) {
    case Source::kLiteLlm:
      return import_text(source, data("litellm.yaml"), "config.yaml");
    case Source::kLlamaSwap:
      return import_text(source, data("llama_swap.yaml"), "config.yaml");
    case Source::kEnvoy:
      return import_text(source, data("envoy.yaml"), "routes.yaml");
  }
  return {};
}

// Loads a configuration whose variables are all set: `value-of-NAME`, or a URL for bases.
inline config::Settings settings_of(std::string_view text) {
  const config::Loaded loaded =
      config::load_text(text, "printed", [](std::string_view name) -> std::optional<std::string> {
        const bool is_url = name.ends_with("_BASE") || name.ends_with("_URL");
        return (is_url ? "https://" : "value-of-") + std::string(name);
      });
  EXPECT_THAT(texts_of(loaded.problems), testing::IsEmpty()) << text;
  return loaded.settings.value_or(config::Settings());
}

}  // namespace penstock::imports
