#include "http/head.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

TEST(Fields, AreFoundWithoutRegardToCase) {
  Fields fields;
  fields.add("Content-Type", "application/json");
  EXPECT_EQ(fields.find("content-type"), "application/json");
  EXPECT_EQ(fields.find("CONTENT-TYPE"), "application/json");
  EXPECT_EQ(fields.find("content-typ"), std::nullopt);
}

TEST(Fields, GiveTheFirstOfAName) {
  Fields fields;
  fields.add("a", "1");
  fields.add("A", "2");
  EXPECT_EQ(fields.find("a"), "1");
  EXPECT_EQ(fields.size(), 2U);
}

TEST(Fields, AreEmptyAfterClear) {
  Fields fields;
  fields.add("a", "1");
  fields.clear();
  EXPECT_EQ(fields.find("a"), std::nullopt);
  EXPECT_EQ(fields.begin(), fields.end());
}

}  // namespace
}  // namespace penstock::http
