#include "models/nearest_model.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::models {
namespace {

std::vector<Model> models_of(std::initializer_list<std::string_view> ids) {
  std::vector<Model> models;
  for (const std::string_view id : ids) models.emplace_back().id = id;
  return models;
}

std::string nearest(const std::vector<Model>& models, std::string_view name) {
  const Model* found = nearest_model(models, name);
  return found == nullptr ? "" : found->id;
}

// reported-failures 5.5
TEST(NearestModel, IsTheOneThatWasMeant) {
  const std::vector<Model> models =
      models_of({"sim/sim-large", "sim/sim-small", "q/org/Llama-3.1", "fast"});
  struct Row {
    std::string_view asked, meant;
  };
  for (const Row& row : {Row{"sim-small", "sim/sim-small"},
                         {"openai/sim-small", "sim/sim-small"},
                         {"Sim/SIM-small", "sim/sim-small"},
                         {"sim-smal", "sim/sim-small"},
                         {"zz/sim-samll", "sim/sim-small"},
                         {"Llama-3.1", "q/org/Llama-3.1"},
                         {"org/Llama-3.1", "q/org/Llama-3.1"},
                         {"org/lama-3.1", "q/org/Llama-3.1"},
                         {"FAST", "fast"},
                         {"fest", "fast"},
                         {"gpt-4o", ""},
                         {"x", ""},
                         {"", ""},
                         {"/", ""}}) {
    EXPECT_EQ(nearest(models, row.asked), row.meant) << row.asked;
  }
}

TEST(NearestModel, IsNotOneOfAFewCharactersThatDiffer) {
  EXPECT_EQ(nearest(models_of({"p/a"}), "p/b"), "");
}

TEST(NearestModel, UnderAnotherPrefixIsFoundAmongManyThatAreAlike) {
  std::vector<Model> models;
  for (int i = 0; i < 20'000; ++i) {
    models.emplace_back().id = "p/" + std::string(100, 'a') + std::to_string(100'000 + i);
  }
  // What is bounded is the comparing of spellings: the same name under another prefix is found.
  EXPECT_EQ(nearest(models, "q/" + std::string(100, 'a') + "119999"), models.back().id);
  EXPECT_EQ(nearest(models, std::string(1'000'000, 'a')), "");
}

}  // namespace
}  // namespace penstock::models
