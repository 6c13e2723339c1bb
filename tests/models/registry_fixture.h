#pragma once

// RegistryTest: a registry of two providers, p and q, whose lists the test gives.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/registry.h"

namespace penstock::models {

inline constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

class RegistryTest : public ::testing::Test {
 protected:
  std::shared_ptr<config::Settings> settings = std::make_shared<config::Settings>();
  std::vector<std::shared_ptr<const Catalog>> published;

  RegistryTest() {
    settings->providers.emplace_back().id = "p";
    settings->providers.emplace_back().id = "q";
  }

  Registry& registry() {
    if (!registry_) {
      registry_ = std::make_unique<Registry>(
          settings, kNow,
          [this](std::shared_ptr<const Catalog> made) { published.push_back(std::move(made)); });
    }
    return *registry_;
  }
  std::vector<std::string> ids() {
    std::vector<std::string> found;
    for (const Model& model : registry().catalog()->models()) found.push_back(model.id);
    return found;
  }
  std::vector<std::string> list(std::size_t provider,
                                const std::vector<std::string>& upstream_ids) {
    std::vector<ListedModel> models;
    for (const std::string& id : upstream_ids) models.emplace_back().id = id;
    return list_models(provider, std::move(models));
  }
  std::vector<std::string> list_models(std::size_t provider, std::vector<ListedModel> listed) {
    Models models;
    for (ListedModel& each : listed) {
      auto model = registry().listed_model(provider, std::move(each), kNow);
      if (model != nullptr) models.push_back(std::move(model));
    }
    return registry().listed(provider, std::move(models));
  }
  static Registry::Registration registration(std::string model_id) {
    Registry::Registration made;
    made.model_id = std::move(model_id);
    made.provider_id = "p";
    return made;
  }
  std::string refusal(const Registry::Registration& registration) {
    const auto model = registry().add(registration, kNow);
    EXPECT_FALSE(model.has_value());
    if (model) return "";
    EXPECT_EQ(model.error().kind, ErrorKind::kInvalidRequest);
    return model.error().message;
  }

 private:
  std::unique_ptr<Registry> registry_;
};

}  // namespace penstock::models
