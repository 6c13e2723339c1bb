#include "models/name_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::models {
namespace {

std::vector<Model> models_named(std::size_t count) {
  std::vector<Model> models(count);
  for (std::size_t i = 0; i < count; ++i) models[i].id = "p/m" + std::to_string(i);
  return models;
}

TEST(NameIndex, FindsEachOfAsManyNamesAsItHasRoomFor) {
  for (const std::size_t count : {0u, 1u, 2u, 3u, 10u, 21u, 1000u}) {
    const std::vector<Model> models = models_named(count);
    const KeyedHash hash;
    NameIndex index(count, hash);
    for (const Model& model : models) EXPECT_TRUE(index.add(model.id, model));
    for (const Model& model : models)
      EXPECT_EQ(index.find(std::string(model.id), hash(model.id)), &model);
    EXPECT_EQ(index.find("p/m", hash("p/m")), nullptr);
    EXPECT_EQ(index.find("", hash("")), nullptr);
  }
}

TEST(NameIndex, KeepsTheFirstOfTwoModelsWithOneName) {
  const std::vector<Model> models = models_named(2);
  const KeyedHash hash;
  NameIndex index(3, hash);
  EXPECT_TRUE(index.add("name", models[0]));
  EXPECT_FALSE(index.add("name", models[1]));
  EXPECT_FALSE(index.add("name", models[0]));
  EXPECT_EQ(index.find("name", hash("name")), &models[0]);
}

TEST(NameIndex, FindsAModelByEachOfItsNames) {
  const std::vector<Model> models = models_named(1);
  const KeyedHash hash;
  NameIndex index(2, hash);
  EXPECT_TRUE(index.add("p/name", models[0]));
  EXPECT_TRUE(index.add("name", models[0]));
  EXPECT_EQ(index.find("p/name", hash("p/name")), &models[0]);
  EXPECT_EQ(index.find("name", hash("name")), &models[0]);
  EXPECT_EQ(index.find("nam", hash("nam")), nullptr);
}

}  // namespace
}  // namespace penstock::models
