#pragma once

// What the tests of the configuration share: an environment made of pairs, and problems as text.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "config/load.h"

namespace penstock::config {

using Variables = std::map<std::string, std::string, std::less<>>;

inline Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

inline Loaded load(std::string_view text, Variables variables = {}) {
  return load_text(text, "run.yaml", environment_of(std::move(variables)));
}

inline std::vector<std::string> texts_of(const Loaded& loaded) {
  std::vector<std::string> texts;
  for (const Problem& problem : loaded.problems) texts.push_back(problem.text());
  return texts;
}

// The settings of a text without any problem.
inline Settings settings_of(std::string_view text, Variables variables = {}) {
  Loaded loaded = load(text, std::move(variables));
  EXPECT_THAT(texts_of(loaded), testing::IsEmpty());
  return loaded.settings.value_or(Settings{});
}

// A provider to put before the tested text, so that its absence is no problem.
inline constexpr std::string_view kOneProvider =
    "providers:\n"
    "  inference:\n"
    "  - provider_id: p\n"
    "    provider_type: remote::passthrough\n";

}  // namespace penstock::config
