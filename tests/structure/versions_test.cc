// The version of CMakeLists.txt, and the files that repeat it because nothing can tell them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/version.h"
#include "structure/tree.h"

namespace penstock::structure {
namespace {

using ::testing::HasSubstr;

TEST(Version, IsTheSameWhereItIsRepeated) {
  const std::string version(kVersion);
  const std::string chart = read_file("packaging/helm/penstock/Chart.yaml").text;
  EXPECT_THAT(chart, HasSubstr("\nversion: " + version + "\n"));
  EXPECT_THAT(chart, HasSubstr("\nappVersion: \"" + version + "\"\n"));
  EXPECT_THAT(read_file("debian/changelog").text, HasSubstr("penstock (" + version + ") "));
  EXPECT_THAT(read_file("Containerfile").text, HasSubstr("ARG VERSION=" + version + "\n"));
  EXPECT_THAT(read_file("CHANGELOG.md").text, HasSubstr("\n## [" + version + "]"));
}

}  // namespace
}  // namespace penstock::structure
