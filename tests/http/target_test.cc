#include "http/target.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

TEST(SplitTarget, SplitsAtTheFirstQuestionMark) {
  struct Row {
    std::string_view target, path, query;
  };
  constexpr Row kRows[] = {
      {"/", "/", ""},
      {"/v1/models", "/v1/models", ""},
      {"/v1/models?", "/v1/models", ""},
      {"/v1/models?limit=5&after=a", "/v1/models", "limit=5&after=a"},
      {"/a?b?c", "/a", "b?c"},
      {"/a?b=../c\\%zz", "/a", "b=../c\\%zz"},
  };
  for (const Row& row : kRows) {
    const auto target = split_target(row.target);
    ASSERT_TRUE(target) << row.target;
    EXPECT_EQ(target->path, row.path) << row.target;
    EXPECT_EQ(target->query, row.query) << row.target;
  }
}

TEST(SplitTarget, LeavesTheSlashesAndColonsOfModelIdsToTheRoute) {
  for (const char* target :
       {"/v1/models/meta-llama/Llama-3.1-8B", "/v1/models/meta-llama%2FLlama-3.1-8B",
        "/v1/models/ollama/llama3.2:3b", "/v1/models/ollama%2fllama3.2%3A3b",
        "/v1/models/all-MiniLM-L6-v2..gguf", "/v1/models/...", "/v1/models/.hidden",
        "/v1/models/a%20b", "/v1/models/%C3%A4", "/v1//models", "/v1/models/", "/v1/a;b=c"}) {
    const auto split = split_target(target);
    ASSERT_TRUE(split) << target;
    EXPECT_EQ(split->path, target);
  }
}

// reported-failures 5.13
TEST(SplitTarget, TakesAnIdForData) {
  class IdsUnderM final : public PathRules {
    std::size_t id_begins(std::string_view path) const override {
      return path.starts_with("/m/") ? 3 : path.size();
    }
  };
  const IdsUnderM rules;
  for (const char* target : {"/m/..%2Fx", "/m/a/./b", "/m/a%2F.%2Fb", "/m/a%2F..%2Fb", "/m/b%5Cs",
                             "/m/%2Fx", "/m/.", "/m/%2e%2e%2fadmin", "/m/a/..b/c"}) {
    EXPECT_TRUE(split_target(target, &rules)) << target;
  }
  for (const char* target : {"/m/..", "/m/../admin", "/m/a/../b", "/m/%2e%2e/admin", "/m/..;/admin",
                             "/m/a\\b", "/m/%", "/m/%00", "/m/%0a", "/m/%7f", "/../m/a", "/./m/a",
                             "//m/a", "/n/..%2Fx", "/n/b%5Cs", "/m%2F..%2Fx"}) {
    EXPECT_FALSE(split_target(target, &rules)) << target;
  }
}

TEST(SplitTarget, RefusesPathsWithMoreThanOneReading) {
  for (const char* target : {"",
                             "*",
                             "v1/models",
                             "?a",
                             "//",
                             "//admin",
                             "//example.com/v1",
                             "/%2Fadmin",
                             "/;a/b",
                             "/.",
                             "/..",
                             "/./v1",
                             "/../v1",
                             "/v1/.",
                             "/v1/..",
                             "/v1/../admin",
                             "/v1/./models",
                             "/v1/%2e%2e/admin",
                             "/v1/%2E./admin",
                             "/v1/.%2e",
                             "/v1/%2e",
                             "/v1/..;/admin",
                             "/v1/..;a=b/admin",
                             "/v1/.;/admin",
                             "/v1/..%3b/admin",
                             "/v1/models/a%2F..%2Fb",
                             "/v1/models/..%2fadmin",
                             "/v1/..?a=b",
                             "/v1\\models",
                             "/v1/..\\admin",
                             "/v1/%5cadmin",
                             "/v1/%5Cadmin",
                             "/v1/%",
                             "/v1/%2",
                             "/v1/%2?a",
                             "/v1/%zz",
                             "/v1/%00",
                             "/v1/%0d%0aX:y",
                             "/v1/%7F",
                             "/v1/\t"}) {
    const auto split = split_target(target);
    ASSERT_FALSE(split) << target;
    EXPECT_EQ(split.error().kind, ErrorKind::kInvalidRequest) << target;
  }
}

}  // namespace
}  // namespace penstock::http
