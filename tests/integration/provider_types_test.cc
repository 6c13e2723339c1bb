// Providers of other types than remote::passthrough, and the files that OGX ships.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/url.h"
#include "integration/json_answer.h"
#include "support/gateway_test.h"
#include "support/paths.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kData = "X-OGX-Provider-Data";

class ProviderTypes : public GatewayTest {
 protected:
  // One provider of that type at the upstream.
  void serve(std::string_view type, std::string_view config = "") {
    settings = settings_from_yaml(
        fmt::format("providers:\n  inference:\n  - provider_id: gq\n    provider_type: {}\n"
                    "    config: {{base_url: '{}/v1'{}}}\n",
                    type, upstream.url(), config));
  }
  WholeAnswer ask(std::string_view data = "") {
    HeaderList headers;
    if (!data.empty()) headers.emplace_back(kData, std::string(data));
    return connect().ask(post(kChatPath, chat_body("gq/m"), headers));
  }
};

TEST_F(ProviderTypes, SleepWithoutAKeyUntilACallerBringsOne) {
  serve("remote::groq", ", api_key: ''");
  const WholeAnswer refused = ask();
  expect_error(refused, 400, "");
  EXPECT_EQ(message_of(refused),
            "API key not provided. Please provide a valid API key in the provider data header, "
            R"(e.g. x-ogx-provider-data: {"gq_api_key": "<API_KEY>"}.)");
  EXPECT_EQ(ask(R"({"GQ_API_KEY":"callers"})").status(), 200);
  EXPECT_EQ(upstream.wait_for_request().head.find("authorization"), "Bearer callers");
  const Json shown = json_of(connect().ask(get("/v1/providers/gq")));
  EXPECT_EQ(shown["provider_type"], "remote::groq");
  EXPECT_EQ(shown["health"]["status"], "Not Implemented");
  EXPECT_TRUE(upstream.models_requests().empty());
  EXPECT_EQ(connect().ask(get("/readyz")).status(), 200);
}

TEST_F(ProviderTypes, ListTheModelsOfACallersKey) {
  serve("remote::groq");
  upstream.set_models({"m1"});
  EXPECT_EQ(json_of(connect().ask(get("/v1/models")))["data"].size(), 0u);
  const Json models =
      json_of(connect().ask(get("/v1/models", {{kData, R"({"groq_api_key":"callers"})"}})));
  ASSERT_EQ(models["data"].size(), 1u);
  EXPECT_EQ(models["data"][0]["id"], "gq/m1");
  EXPECT_EQ(upstream.models_requests().at(0).head.find("authorization"), "Bearer callers");
}

TEST_F(ProviderTypes, ShowACallerWhatTheUpstreamSaysOfTheCallersKey) {
  serve("remote::groq", ", api_key: sk-operators-key");
  const std::string refusal = R"({"error":{"message":"wrong key","code":"invalid_api_key"}})";
  upstream.answer_always(Script().send(json_answer(401, refusal)));
  expect_error(ask(), 401, "upstream_authentication");
  const WholeAnswer callers = ask(R"({"gq_api_key":"callers"})");
  EXPECT_EQ(callers.status(), 401);
  EXPECT_EQ(callers.body, refusal);
}

TEST_F(ProviderTypes, SendNoDummyKeyWhereNoneIsNeeded) {
  serve("remote::ollama");
  EXPECT_EQ(ask().status(), 200);
  EXPECT_EQ(upstream.wait_for_request().head.find("authorization"), std::nullopt);
}

TEST_F(ProviderTypes, AskAnthropicForItsModelsInItsOwnWay) {
  serve("remote::anthropic", ", api_key: sk-ant-0123456789");
  service();
  ASSERT_TRUE(upstream.wait_for_models_request());
  const SeenRequest seen = upstream.models_requests().at(0);
  EXPECT_EQ(seen.head.find("x-api-key"), "sk-ant-0123456789");
  EXPECT_EQ(seen.head.find("anthropic-version"), "2023-06-01");
  EXPECT_EQ(seen.head.find("authorization"), std::nullopt);
  EXPECT_EQ(ask().status(), 200);
  EXPECT_EQ(upstream.wait_for_request().head.find("authorization"), "Bearer sk-ant-0123456789");
}

// OGX 1.5.0's own files (tests/data/README.md), with every URL led to the test's upstream.
class ShippedFile : public GatewayTest {
 protected:
  void load(std::string_view name, std::map<std::string, std::string, std::less<>> variables) {
    const std::string path = fmt::format("{}/tests/data/ogx/{}.yaml", PENSTOCK_SOURCE_DIR, name);
    config::Loaded loaded =
        config::load_file(path, [&](std::string_view key) -> std::optional<std::string> {
          const auto found = variables.find(key);
          return found == variables.end() ? std::nullopt : std::optional(found->second);
        });
    ASSERT_TRUE(loaded.settings) << problems_of(loaded);
    problems = std::move(loaded.problems);
    settings = std::move(*loaded.settings);
    const config::Url here = *config::parse_url(upstream.url());
    const auto lead_here = [&](std::optional<config::Url>& url) {
      if (!url) return;
      url->tls = false;
      url->host = here.host;
      url->port = here.port;
    };
    for (config::Provider& provider : settings.providers) {
      urls[provider.id] = provider.base_url->text();
      lead_here(provider.base_url);
      lead_here(provider.messages_url);
      lead_here(provider.listing.url);
    }
  }
  static std::string problems_of(const config::Loaded& loaded) {
    std::string text;
    for (const config::Problem& problem : loaded.problems) text += problem.text() + "\n";
    return text;
  }
  std::vector<std::string> provider_ids() const {
    std::vector<std::string> ids;
    for (const config::Provider& provider : settings.providers) ids.push_back(provider.id);
    return ids;
  }
  // Asks each provider once, with a caller's key where it sleeps.
  void expect_that_each_provider_answers() {
    for (const config::Provider& provider : settings.providers) {
      SCOPED_TRACE(provider.id);
      const std::size_t before = upstream.requests().size();
      HeaderList headers;
      if (provider.is_asleep()) {
        headers.emplace_back(kData, fmt::format(R"({{"{}_api_key":"callers"}})", provider.id));
      }
      const std::string body = chat_body(provider.id + "/some/model");
      EXPECT_EQ(connect().ask(post(kChatPath, body, headers)).status(), 200);
      const SeenRequest seen = upstream.wait_for_request(before);
      EXPECT_EQ(seen.target, provider.base_url->path + "/chat/completions");
      if (provider.is_asleep()) {
        EXPECT_EQ(seen.head.find("authorization"), "Bearer callers");
      } else if (!provider.api_key.empty()) {
        EXPECT_EQ(seen.head.find("authorization"),
                  "Bearer " + std::string(provider.api_key.reveal()));
      }
    }
  }

  std::vector<config::Problem> problems;
  std::map<std::string, std::string> urls;  // of providers, before they were led here
};

TEST_F(ShippedFile, StarterServesWithoutAnyKeyWhatCallersBringKeysFor) {
  load("starter", {});
  EXPECT_THAT(provider_ids(), ElementsAre("fireworks", "together", "bedrock", "openai", "anthropic",
                                          "gemini", "groq", "meta", "sambanova"));
  EXPECT_EQ(urls["bedrock"], "https://bedrock-runtime.us-east-2.amazonaws.com/openai/v1");
  for (const config::Provider& provider : settings.providers) EXPECT_TRUE(provider.is_asleep());
  expect_that_each_provider_answers();
  EXPECT_TRUE(upstream.models_requests().empty());
}

TEST_F(ShippedFile, StarterServesEveryProviderWithAllItsVariables) {
  load("starter", {{"CEREBRAS_API_KEY", "sk-cerebras-1"},
                   {"OLLAMA_URL", "http://ollama:11434/v1"},
                   {"VLLM_URL", "http://vllm:8000/v1"},
                   {"FIREWORKS_API_KEY", "sk-fireworks"},
                   {"TOGETHER_API_KEY", "sk-together-1"},
                   {"AWS_BEDROCK_BEARER_TOKEN", "bedrock-1"},
                   {"NVIDIA_API_KEY", "nvapi-12345678"},
                   {"OPENAI_API_KEY", "sk-openai-123"},
                   {"ANTHROPIC_API_KEY", "sk-ant-12345"},
                   {"GEMINI_API_KEY", "gemini-1234567"},
                   {"VERTEX_AI_PROJECT", "p"},
                   {"GROQ_API_KEY", "gsk_12345678"},
                   {"META_API_KEY", "meta-12345678"},
                   {"SAMBANOVA_API_KEY", "samba-1234567"},
                   {"AZURE_API_KEY", "azure-12345678"},
                   {"AZURE_API_BASE", "https://r.openai.azure.com/openai/v1"}});
  EXPECT_THAT(provider_ids(), ElementsAre("cerebras", "ollama", "vllm", "fireworks", "together",
                                          "bedrock", "nvidia", "openai", "anthropic", "gemini",
                                          "groq", "meta", "sambanova", "azure"));
  std::string all;
  for (const config::Problem& problem : problems) all += problem.text() + "\n";
  EXPECT_THAT(all, HasSubstr("skipped vertexai of type remote::vertexai: "));
  EXPECT_THAT(all, HasSubstr("skipped sentence-transformers of type "));
  expect_that_each_provider_answers();
}

// With one key in the environment, the three names that coding agents ask for lead to that
// provider's first model.
TEST_F(ShippedFile, StarterServesItsAliases) {
  load("starter", {{"OPENAI_API_KEY", "sk-openai-123"}});
  upstream.set_models({"gpt-first", "gpt-second"});
  for (std::string_view alias :
       {"claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250514", "claude-opus-4-6-20260314"}) {
    const std::size_t before = upstream.requests().size();
    EXPECT_EQ(connect().ask(chat(Answer::kWhole, alias)).status(), 200) << alias;
    const SeenRequest seen = upstream.wait_for_request(before);
    EXPECT_EQ(Json::parse(seen.body)["model"], "gpt-first");
    EXPECT_EQ(seen.head.find("authorization"), "Bearer sk-openai-123");
  }
}

TEST_F(ShippedFile, OpenBenchmarkServesItsModels) {
  load("open-benchmark", {{"OPENAI_API_KEY", "sk-openai-123"},
                          {"ANTHROPIC_API_KEY", "sk-ant-12345"},
                          {"GEMINI_API_KEY", "gemini-1234567"},
                          {"GROQ_API_KEY", "gsk_12345678"},
                          {"TOGETHER_API_KEY", "sk-together-1"}});
  EXPECT_THAT(provider_ids(), ElementsAre("openai", "anthropic", "gemini", "groq", "together"));
  expect_that_each_provider_answers();
  const std::pair<std::string_view, std::string_view> models[] = {
      {"openai/gpt-4o", "gpt-4o"},
      {"anthropic/claude-3-5-sonnet-latest", "claude-3-5-sonnet-latest"},
      {"gemini/gemini-1.5-flash", "gemini/gemini-1.5-flash"},
      {"groq/meta-llama/Llama-3.3-70B-Instruct", "groq/llama-3.3-70b-versatile"},
      {"together/meta-llama/Llama-3.1-405B-Instruct",
       "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"}};
  for (const auto& [name, upstream_name] : models) {
    const std::size_t before = upstream.requests().size();
    EXPECT_EQ(connect().ask(chat(Answer::kWhole, name)).status(), 200) << name;
    EXPECT_EQ(Json::parse(upstream.wait_for_request(before).body)["model"], upstream_name);
  }
}

TEST_F(ShippedFile, PostgresDemoServesItsVllm) {
  load("postgres-demo", {{"VLLM_URL", "http://vllm:8000/v1"},
                         {"INFERENCE_MODEL", "meta-llama/Llama-3.1-8B-Instruct"}});
  EXPECT_THAT(provider_ids(), ElementsAre("vllm-inference"));
  EXPECT_TRUE(settings.providers[0].api_key.equals("fake"));
  expect_that_each_provider_answers();
  const std::size_t before = upstream.requests().size();
  EXPECT_EQ(connect()
                .ask(chat(Answer::kWhole, "vllm-inference/meta-llama/Llama-3.1-8B-Instruct"))
                .status(),
            200);
  EXPECT_EQ(Json::parse(upstream.wait_for_request(before).body)["model"],
            "meta-llama/Llama-3.1-8B-Instruct");
}

TEST_F(ShippedFile, NvidiaServesItsProvider) {
  load("nvidia", {{"NVIDIA_API_KEY", "nvapi-12345678"}, {"INFERENCE_MODEL", "meta/llama3-8b"}});
  EXPECT_THAT(provider_ids(), ElementsAre("nvidia"));
  EXPECT_EQ(urls["nvidia"], "https://integrate.api.nvidia.com/v1");
  expect_that_each_provider_answers();
}

}  // namespace
}  // namespace penstock::testing
