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
    NameIndex index(count, KeyedHash());
    for (const Model& model : models) EXPECT_TRUE(index.add(model.id, model));
    for (const Model& model : models) EXPECT_EQ(index.find(std::string(model.id)), &model);
    EXPECT_EQ(index.find("p/m"), nullptr);
    EXPECT_EQ(index.find(""), nullptr);
  }
}

TEST(NameIndex, KeepsTheFirstOfTwoModelsWithOneName) {
  const std::vector<Model> models = models_named(2);
  NameIndex index(3, KeyedHash());
  EXPECT_TRUE(index.add("name", models[0]));
  EXPECT_FALSE(index.add("name", models[1]));
  EXPECT_FALSE(index.add("name", models[0]));
  EXPECT_EQ(index.find("name"), &models[0]);
}

TEST(NameIndex, FindsAModelByEachOfItsNames) {
  const std::vector<Model> models = models_named(1);
  NameIndex index(2, KeyedHash());
  EXPECT_TRUE(index.add("p/name", models[0]));
  EXPECT_TRUE(index.add("name", models[0]));
  EXPECT_EQ(index.find("p/name"), &models[0]);
  EXPECT_EQ(index.find("name"), &models[0]);
  EXPECT_EQ(index.find("nam"), nullptr);
}

}  // namespace
}  // namespace penstock::models
