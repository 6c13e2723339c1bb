#include "imports/foreign.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace penstock::imports {
namespace {

using std::chrono::milliseconds;

TEST(ForeignDurations, AreSecondsOrInGosForm) {
  const std::pair<std::string_view, int> cases[] = {
      {"30", 30'000},    {"0.5", 500},          {"30s", 30'000},   {"250ms", 250},
      {"1m30s", 90'000}, {"1h2m3s", 3'723'000}, {"6m0s", 360'000}, {"0", 0}};
  for (const auto& [text, count] : cases) {
    EXPECT_EQ(foreign_duration(text), milliseconds(count)) << text;
  }
}

TEST(ForeignDurations, AreNothingElse) {
  for (const std::string_view text : {"", "s", "1m30", "-5", "5x", "9999999h", "1.5.5s"}) {
    EXPECT_FALSE(foreign_duration(text)) << text;
  }
}

TEST(VariableNames, AreWhatTheConfigurationCanReferTo) {
  EXPECT_EQ(variable_name("open-ai.key 2"), "OPEN_AI_KEY_2");
  EXPECT_EQ(variable_name(""), "KEY");
  EXPECT_EQ(reference_to("A_B"), "${env.A_B}");
}

TEST(ManyDocuments, KeepTheirPositions) {
  config::Problems problems("file");
  const auto documents =
      documents_of("# first\na: 1\n---\n---\n\nb: 2\n--- # third\nc: 3\n", problems);
  ASSERT_EQ(documents.size(), 3u);
  EXPECT_EQ(documents[0].children[0].key_position.line, 2u);
  EXPECT_EQ(documents[1].children[0].key_position.line, 6u);
  EXPECT_EQ(documents[2].children[0].key_position.line, 8u);
  EXPECT_FALSE(problems.has_errors());
}

}  // namespace
}  // namespace penstock::imports
