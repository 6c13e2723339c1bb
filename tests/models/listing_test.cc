#include "models/listing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::models {
namespace {

std::vector<ListedModel> parse(std::string_view json) {
  Result<std::vector<ListedModel>> models = parse_model_list(json);
  EXPECT_TRUE(models.has_value()) << json;
  return models ? std::move(*models) : std::vector<ListedModel>();
}

std::vector<std::string> ids(std::string_view json) {
  std::vector<std::string> found;
  for (const ListedModel& model : parse(json)) found.push_back(model.id);
  return found;
}

TEST(ParseModelList, KeepsTheUpstreamsOrder) {
  EXPECT_EQ(ids(R"({"object":"list","data":[{"id":"b"},{"id":"a","owned_by":"x"}]})"),
            (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(ids(R"({"data":[]})").empty());
}

TEST(ParseModelList, LeavesOutWhatHasNoUsableId) {
  const std::string longest(512, 'x');
  EXPECT_EQ(ids(R"({"data":[1,null,"a",{},{"id":""},{"id":5},{"id":"a\nb"},{"id":"a\u007f"},)"
                R"({"id":")" +
                longest + R"(x"},{"id":")" + longest + R"("},{"id":"a b/c:d"}]})"),
            (std::vector<std::string>{longest, "a b/c:d"}));
}

TEST(ParseModelList, CountsTheFirstOfTwoWithOneId) {
  const auto models = parse(R"({"data":[{"id":"a","custom_metadata":{"n":1}},{"id":"a"}]})");
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].metadata, R"({"n":1})");
}

TEST(ParseModelList, ReadsTheTypeThatAnUpstreamStates) {
  const auto models =
      parse(R"({"data":[{"id":"a"},{"id":"b","custom_metadata":{"model_type":"embedding"}},)"
            R"({"id":"c","custom_metadata":{"model_type":"rerank"}},)"
            R"({"id":"d","custom_metadata":{"model_type":"llm"}},)"
            R"({"id":"e","custom_metadata":{"model_type":"novel"}},)"
            R"({"id":"f","custom_metadata":{"model_type":7}},{"id":"g","custom_metadata":"x"}]})");
  const std::vector<std::pair<std::string, bool>> expected = {
      {"llm", false}, {"embedding", true}, {"rerank", true}, {"llm", true},
      {"llm", false}, {"llm", false},      {"llm", false}};
  ASSERT_EQ(models.size(), expected.size());
  for (std::size_t i = 0; i < models.size(); ++i) {
    EXPECT_EQ(models[i].type, expected[i].first) << models[i].id;
    EXPECT_EQ(models[i].type_is_stated, expected[i].second) << models[i].id;
  }
}

TEST(ParseModelList, KeepsMetadataButForTheKeysOfItsOwn) {
  const auto models = parse(R"({"data":[{"id":"a","custom_metadata":{"z":1.50,"model_type":"llm",)"
                            R"("provider_id":"x","provider_resource_id":"y","a":{"b":[]}}}]})");
  EXPECT_EQ(models[0].metadata, R"({"z":1.5,"model_type":"llm","a":{"b":[]}})");
}

TEST(ParseModelList, RefusesWhatIsNoList) {
  for (const char* json : {"", "null", "[]", "{}", R"({"data":{}})", R"({"data":null})",
                           R"({"data":[{"id":"a"}])", R"({"data":[]} x)", "<html>"}) {
    const auto models = parse_model_list(json);
    ASSERT_FALSE(models.has_value()) << json;
    EXPECT_EQ(models.error().kind, ErrorKind::kUpstreamInvalidResponse);
  }
}

}  // namespace
}  // namespace penstock::models
