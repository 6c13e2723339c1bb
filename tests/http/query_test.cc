#include "http/query.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

TEST(QueryParameter, IsTheLastOneOfItsName) {
  EXPECT_EQ(query_parameter("a=1&b=2&a=3", "a"), "3");
  EXPECT_EQ(query_parameter("a=1&b", "b"), "");
  EXPECT_EQ(query_parameter("%61=%20x%", "a"), "%20x%");
  EXPECT_EQ(query_parameter("%61=%20x", "a"), " x");
  EXPECT_EQ(query_parameter("a=b=c", "a"), "b=c");
}

TEST(QueryParameter, MayBeAbsent) {
  for (const char* query : {"", "&", "b=a", "A=1", "=a"}) {
    EXPECT_EQ(query_parameter(query, "a"), std::nullopt) << query;
  }
}

}  // namespace
}  // namespace penstock::http
