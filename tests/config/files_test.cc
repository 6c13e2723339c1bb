// Whole files: the reference's, which users bring along, and Penstock's own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loading.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kSource = PENSTOCK_SOURCE_DIR;

// Problems without the file's name.
std::vector<std::string> remarks(const Loaded& loaded) {
  std::vector<std::string> result;
  for (Problem problem : loaded.problems) {
    problem.file.clear();
    result.push_back(problem.text().substr(1));
  }
  return result;
}

constexpr std::string_view kIgnored = ": ignored: this server does not support it";

std::string ignored(std::string_view place, std::string_view path) {
  return std::string(place) + ": warning: " + std::string(path) + std::string(kIgnored);
}

TEST(LlamaStackFile, LoadsWithAWarningForEachPartThatIsNotServed) {
  const Loaded loaded = load_file(kSource + "/tests/config/data/llama_stack_passthrough.yaml",
                                  environment_of({{"PASSTHROUGH_URL", "http://gpu:8000"}}));
  EXPECT_THAT(
      remarks(loaded),
      ElementsAre("6:1: warning: apis: not supported: agents, datasetio, safety, telemetry, "
                  "tool_runtime, vector_io; this server serves inference",
                  ignored("24:3", "providers.vector_io"), ignored("32:3", "providers.safety"),
                  ignored("37:3", "providers.agents"), ignored("44:3", "providers.telemetry"),
                  ignored("50:3", "providers.datasetio"), ignored("54:3", "providers.tool_runtime"),
                  ignored("60:1", "metadata_store"), ignored("63:1", "inference_store"),
                  ignored("77:1", "shields"), ignored("83:1", "tool_groups")));
  ASSERT_TRUE(loaded.settings);
  ASSERT_EQ(loaded.settings->providers.size(), 1u);
  EXPECT_EQ(loaded.settings->providers[0].base_url->text(), "http://gpu:8000/v1");
  ASSERT_EQ(loaded.settings->models.size(), 1u);
  EXPECT_EQ(loaded.settings->models[0].id, "meta-llama/Llama-3.1-8B-Instruct");
  EXPECT_EQ(loaded.settings->models[0].provider_model_id, "llama3.1-8b-instruct");
}

TEST(OgxFile, LoadsWithItsConditionsMet) {
  const Loaded loaded = load_file(kSource + "/tests/config/data/ogx_multi_provider.yaml",
                                  environment_of({{"VLLM_URL", "http://vllm:8000/v1"}}));
  ASSERT_TRUE(loaded.settings) << testing::PrintToString(remarks(loaded));
  EXPECT_EQ(loaded.problems.size(), 7u) << testing::PrintToString(remarks(loaded));
  const Settings& settings = *loaded.settings;
  ASSERT_EQ(settings.providers.size(), 3u);
  EXPECT_EQ(settings.providers[0].id, "vllm");
  EXPECT_TRUE(settings.providers[0].api_key.equals("fake"));
  EXPECT_EQ(settings.providers[0].timeouts.first_byte, milliseconds(300'000));
  EXPECT_EQ(settings.providers[1].forward_headers.size(), 2u);
  EXPECT_TRUE(settings.providers[2].is_asleep());
  ASSERT_EQ(settings.models.size(), 3u);
  EXPECT_EQ(settings.models[0].provider_id, "all");
  EXPECT_EQ(settings.models[1].provider_id, "openai");
  EXPECT_EQ(settings.models[2].id, "nomic-embed");
  EXPECT_EQ(settings.models[2].metadata, R"({"embedding_dimension":768})");
}

TEST(OgxFile, LoadsWithoutTheirConditions) {
  const Loaded loaded =
      load_file(kSource + "/tests/config/data/ogx_multi_provider.yaml", environment_of({}));
  ASSERT_TRUE(loaded.settings) << testing::PrintToString(remarks(loaded));
  EXPECT_EQ(loaded.settings->providers.size(), 2u);
  EXPECT_EQ(loaded.settings->models.size(), 2u);
}

TEST(Example, OfOneProviderLoadsWithoutRemarks) {
  const Loaded loaded = load_file(kSource + "/examples/run.yaml", environment_of({}));
  EXPECT_THAT(remarks(loaded), IsEmpty());
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->providers.at(0).base_url->text(), "http://127.0.0.1:8000/v1");
  EXPECT_EQ(loaded.settings->server.port, 8321);
}

TEST(Example, OfSeveralProvidersLoadsWithoutRemarks) {
  const Variables keys = {{"ALICE_KEY", "alice-secret"},
                          {"BATCH_KEY", "batch-secret"},
                          {"OPENAI_API_KEY", "sk-12345678"}};
  const std::string path = kSource + "/examples/multi-provider.yaml";
  const Loaded without = load_file(path, environment_of(keys));
  EXPECT_THAT(remarks(without), IsEmpty());
  ASSERT_TRUE(without.settings);
  EXPECT_EQ(without.settings->providers.size(), 2u);
  EXPECT_EQ(without.settings->models.size(), 2u);

  Variables more = keys;
  more["VLLM_URL"] = "https://vllm.internal:8000";
  const Loaded with = load_file(path, environment_of(more));
  EXPECT_THAT(remarks(with), IsEmpty());
  ASSERT_TRUE(with.settings);
  ASSERT_EQ(with.settings->providers.size(), 3u);
  EXPECT_EQ(with.settings->providers[2].timeouts.connect, milliseconds(2'000));
  EXPECT_EQ(with.settings->providers[2].headers.at(0).name, "X-Gateway");
  EXPECT_EQ(with.settings->models.size(), 3u);
}

}  // namespace
}  // namespace penstock::config
