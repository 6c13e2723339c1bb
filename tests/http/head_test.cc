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

TEST(Fields, AreFoundByTheNumberOfTheirName) {
  Fields fields;
  fields.add("x-request-ID", "1");
  fields.add("X-Request-Id", "2");
  fields.add("x-request-idx", "3");
  EXPECT_TRUE(fields.has(FieldName::kXRequestId));
  EXPECT_EQ(fields.find(FieldName::kXRequestId), "1");
  EXPECT_FALSE(fields.has(FieldName::kDate));
  EXPECT_EQ(fields.find(FieldName::kDate), std::nullopt);
}

TEST(Fields, AreEmptyAfterClear) {
  Fields fields;
  fields.add("a", "1");
  fields.add("Date", "2");
  fields.clear();
  EXPECT_EQ(fields.find("a"), std::nullopt);
  EXPECT_FALSE(fields.has(FieldName::kDate));
  EXPECT_EQ(fields.begin(), fields.end());
}

}  // namespace
}  // namespace penstock::http
