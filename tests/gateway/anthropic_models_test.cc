#include "gateway/anthropic_models.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::gateway {
namespace {

using Json = nlohmann::json;

std::vector<models::Model> models_named(std::initializer_list<const char*> ids) {
  std::vector<models::Model> made;
  for (const char* id : ids) made.emplace_back().id = id;
  return made;
}

Json page_of(const std::vector<models::Model>& models, std::string_view query) {
  const Result<ModelPage> page = ModelPage::read(query);
  EXPECT_TRUE(page) << query;
  if (!page) return {};
  ModelPicker picker(*page);
  for (const models::Model& model : models) picker.offer(model);
  return Json::parse(picker.text());
}

std::string ids_of(const Json& page) {
  std::string ids;
  for (const Json& model : page["data"]) ids += model["id"].get<std::string>();
  return ids + (page["has_more"].get<bool>() ? "+" : "");
}

TEST(AnthropicModels, HaveAnthropicsMembers) {
  std::vector<models::Model> one = models_named({"claude-x"});
  one[0].created = 1'767'225'599;
  EXPECT_EQ(page_of(one, ""), Json::parse(R"({"data":[{"type":"model","id":"claude-x",
      "display_name":"claude-x","created_at":"2025-12-31T23:59:59Z"}],
      "has_more":false,"first_id":"claude-x","last_id":"claude-x"})"));
  EXPECT_EQ(Json::parse(anthropic_model(one[0])), page_of(one, "")["data"][0]);
}

TEST(AnthropicModels, ThatAreNoneHaveNoFirstAndLast) {
  EXPECT_EQ(page_of({}, ""), Json::parse(R"({"data":[],"has_more":false,"first_id":null,
                                            "last_id":null})"));
}

TEST(AnthropicModels, AreSortedAndHavePages) {
  const auto models = models_named({"d", "a", "e", "c", "b"});
  struct Row {
    std::string_view query;
    std::string ids;
  };
  for (const Row& row : {Row{"", "abcde"},
                         {"limit=5", "abcde"},
                         {"limit=2", "ab+"},
                         {"limit=2&after_id=b", "cd+"},
                         {"limit=2&after_id=d", "e"},
                         {"limit=2&after_id=e", ""},
                         {"limit=2&before_id=d", "bc+"},
                         {"limit=2&before_id=c", "ab"},
                         {"limit=2&before_id=a", ""},
                         {"after_id=bb", "cde"}}) {
    EXPECT_EQ(ids_of(page_of(models, row.query)), row.ids) << row.query;
  }
}

TEST(AnthropicModels, AreTwentyUnlessALimitIsGiven) {
  std::vector<models::Model> many(50);
  for (std::size_t i = 0; i < many.size(); ++i) many[i].id = "m" + std::to_string(100 + i);
  EXPECT_EQ(page_of(many, "")["data"].size(), 20u);
  EXPECT_EQ(page_of(many, "limit=1000")["data"].size(), 50u);
}

TEST(AnthropicModels, HaveALimitWithinBounds) {
  for (const char* query :
       {"limit=0", "limit=1001", "limit=x", "limit=", "limit=-1", "after_id=a&before_id=b"}) {
    const auto page = ModelPage::read(query);
    ASSERT_FALSE(page) << query;
    EXPECT_EQ(page.error().kind, ErrorKind::kInvalidRequest);
  }
}

}  // namespace
}  // namespace penstock::gateway
