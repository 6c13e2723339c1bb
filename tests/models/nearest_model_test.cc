#include "models/nearest_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "support/patience.h"

namespace penstock::models {
namespace {

// Without optimisation, or with a sanitizer, everything takes several times as long.
#ifdef __OPTIMIZE__
constexpr std::chrono::milliseconds kLimit{testing::kSanitized ? 300 : 20};
#else
constexpr std::chrono::milliseconds kLimit{300};
#endif

// Of this thread: however busy the machine is, it grows by the work alone.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::shared_ptr<const Model> model_of(std::string_view id) {
  Model model;
  model.id = id;
  return std::make_shared<const Model>(std::move(model));
}

Models models_of(std::initializer_list<std::string_view> ids) {
  Models models;
  for (const std::string_view id : ids) models.push_back(model_of(id));
  return models;
}

const Model* found_near(const Models& models, std::string_view name) {
  const std::span<const std::shared_ptr<const Model>> part(models);
  return nearest_model({&part, 1}, name);
}

std::string nearest(const Models& models, std::string_view name) {
  const Model* found = found_near(models, name);
  return found == nullptr ? "" : found->id;
}

// reported-failures 5.5
TEST(NearestModel, IsTheOneThatWasMeant) {
  const Models models = models_of({"sim/sim-large", "sim/sim-small", "q/org/Llama-3.1", "fast"});
  struct Row {
    std::string_view asked, meant;
  };
  for (const Row& row : {Row{"sim-small", "sim/sim-small"},
                         {"openai/sim-small", "sim/sim-small"},
                         {"Sim/SIM-small", "sim/sim-small"},
                         {"sim-smal", "sim/sim-small"},
                         {"zz/sim-samll", "sim/sim-small"},
                         {"Llama-3.1", "q/org/Llama-3.1"},
                         {"llama-3.1", "q/org/Llama-3.1"},
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
  Models models;
  for (int i = 0; i < 20'000; ++i) {
    models.push_back(model_of("p/" + std::string(100, 'a') + std::to_string(100'000 + i)));
  }
  // Only the comparison of spellings is bounded: the same name under another prefix is found.
  EXPECT_EQ(nearest(models, "q/" + std::string(100, 'a') + "119999"), models.back()->id);
  EXPECT_EQ(nearest(models, std::string(1'000'000, 'a')), "");
}

// No single request blocks the loop for more than 20 ms, whatever name it asks for.
TEST(NearestModel, IsLookedForInABoundedTime) {
  struct Row {
    std::size_t bytes;  // of a model's id
    int count;
  };
  for (const auto& [bytes, count] :
       {Row{20, 20'000}, {126, 20'000}, {115, 20'000}, {500, 100'000}}) {
    Models models;
    for (int i = 0; i < count; ++i) {
      models.push_back(model_of("p/" + std::string(bytes - 6, 'a') + std::to_string(100'000 + i)));
    }
    for (const std::string& name : {std::string(bytes, 'a'), "q/" + std::string(bytes - 3, 'A')}) {
      auto shortest = std::chrono::nanoseconds::max();
      for (int tries = 0; tries < 3; ++tries) {
        const std::chrono::nanoseconds before = processor_time();
        found_near(models, name);
        shortest = std::min(shortest, processor_time() - before);
      }
      EXPECT_LT(shortest, kLimit) << name;
    }
  }
}

}  // namespace
}  // namespace penstock::models
