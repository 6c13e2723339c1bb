#include "sim/routes.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

TEST(Routes, FindsARouteWithTheIdsOfItsPath) {
  const RouteMatch match = find_route("GET", "/v1/conversations/conv_1/items/msg%5F2");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.ids, (std::vector<std::string>{"conv_1", "msg_2"}));
}

TEST(Routes, PrefersAFixedPath) {
  ASSERT_NE(find_route("POST", "/v1/messages/batches").route, nullptr);
  EXPECT_TRUE(find_route("POST", "/v1/responses/compact").ids.empty());
}

TEST(Routes, TakesTheRestOfAPathForAModelsName) {
  EXPECT_EQ(find_route("GET", "/v1/models/a/b%3Ac").ids, std::vector<std::string>{"a/b:c"});
  EXPECT_EQ(find_route("GET", "/v1/models/").route, nullptr);
}

TEST(Routes, TellsAnUnknownPathFromAnUnknownMethod) {
  EXPECT_FALSE(find_route("GET", "/v1/nothing").other_methods);
  EXPECT_TRUE(find_route("PUT", "/v1/responses/x").other_methods);
  EXPECT_EQ(find_route("PUT", "/v1/responses/x").route, nullptr);
  EXPECT_EQ(find_route("DELETE", "/v1/responses/x").route->method, "DELETE");
  EXPECT_FALSE(find_route("GET", "/v1/responses/x/y").other_methods);
}

TEST(Routes, KnowsWhoseErrorsAPathHas) {
  EXPECT_EQ(find_route("POST", "/v1/messages").dialect, Dialect::kAnthropic);
  EXPECT_EQ(find_route("POST", "/v1/messages/nothing").dialect, Dialect::kAnthropic);
  EXPECT_EQ(find_route("POST", "/v2/rerank").dialect, Dialect::kCohere);
  EXPECT_EQ(find_route("POST", "/v1/nothing").dialect, Dialect::kOpenAi);
}

}  // namespace
}  // namespace penstock::sim
