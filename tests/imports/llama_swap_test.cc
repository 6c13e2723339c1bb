// Files of llama-swap.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "imports/importing.h"

namespace penstock::imports {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// `provider/model` of each target, by the route's name.
std::map<std::string, std::vector<std::string>> targets_of(const config::Settings& settings) {
  std::map<std::string, std::vector<std::string>> targets;
  for (const config::ModelRoute& route : settings.routing.routes) {
    for (const config::RouteTarget& target : route.targets) {
      targets[route.model].push_back(settings.providers[target.provider].id + "/" + target.model);
    }
  }
  return targets;
}

TEST(LlamaSwap, StaysBehindPenstockForItsOwnModels) {
  const config::Settings settings = settings_of(import_example(Source::kLlamaSwap).text);
  const config::Provider& own = settings.providers.at(0);
  EXPECT_EQ(own.id, "llama-swap");
  EXPECT_EQ(own.api_key.reveal(), "value-of-SWAP_KEY");
  auto targets = targets_of(settings);
  EXPECT_THAT(targets["gpt-4o-mini"], ElementsAre("llama-swap/gpt-4o-mini"));
  EXPECT_THAT(targets["embedder"], ElementsAre("llama-swap/embedder"));
  EXPECT_THAT(targets["qwen-coder"], ElementsAre("llama-swap/qwen-coder", "tower/qwen-coder"));
}

TEST(LlamaSwap, GivesItsPeersAsProviders) {
  const config::Settings settings = settings_of(import_example(Source::kLlamaSwap).text);
  ASSERT_EQ(settings.providers.size(), 3u);
  EXPECT_EQ(settings.providers[1].base_url->text(), "http://192.168.1.23:8080/v1");
  EXPECT_EQ(settings.providers[2].base_url->text(), "https://openrouter.ai/api/v1");
  EXPECT_EQ(settings.providers[2].api_key.reveal(), "value-of-OPENROUTER_API_KEY");
  EXPECT_EQ(settings.providers[2].timeouts.connect, milliseconds(30'000));
  EXPECT_EQ(settings.providers[2].timeouts.first_byte, milliseconds(60'000));
  EXPECT_THAT(targets_of(settings)["z-ai/glm-4.7"], ElementsAre("openrouter/z-ai/glm-4.7"));
}

TEST(LlamaSwap, GivesItsSelectorsAsRoutes) {
  const config::Settings settings = settings_of(import_example(Source::kLlamaSwap).text);
  auto targets = targets_of(settings);
  EXPECT_THAT(targets["coding"],
              ElementsAre("llama-swap/qwen-coder", "tower/qwen-coder", "tower/llama-70b"));
  EXPECT_THAT(targets["llama"], ElementsAre("tower/llama-70b", "openrouter/z-ai/glm-4.7"));
  EXPECT_THAT(targets["stable"], ElementsAre("llama-swap/embedder"));
  for (const config::ModelRoute& route : settings.routing.routes) {
    if (route.model != "llama") continue;
    EXPECT_EQ(route.rules.balance, config::Balance::kFirst);
    EXPECT_EQ(route.targets[0].max_concurrency, 8u);
  }
}

TEST(LlamaSwap, GivesItsKeysAndNeverRepeatsOne) {
  const Imported imported = import_example(Source::kLlamaSwap);
  EXPECT_THAT(imported.text, Not(HasSubstr("hunter2")));
  const config::Settings settings = settings_of(imported.text);
  ASSERT_EQ(settings.server.api_keys.size(), 2u);
  EXPECT_EQ(settings.server.api_keys[0].key.reveal(), "value-of-SWAP_KEY");
  EXPECT_EQ(settings.server.api_keys[1].key.reveal(), "value-of-LLAMA_SWAP_API_KEY_2");
}

TEST(LlamaSwap, SaysWhatCouldNotBeCarriedOver) {
  EXPECT_THAT(texts_of(import_example(Source::kLlamaSwap).remarks),
              ElementsAre(HasSubstr("6:5: warning: apiKeys[1]: the secret is not repeated"),
                          HasSubstr("8:3: warning: models: Penstock starts no programs"),
                          HasSubstr("14:15: warning: models.embedder.unlisted: not carried over"),
                          HasSubstr("21:13: warning: peers.openrouter.apiKey: the secret"),
                          HasSubstr("23:49: warning: peers.openrouter.timeouts.idleConn: not"),
                          HasSubstr("24:5: warning: peers.openrouter.filters: not carried over"),
                          HasSubstr("27:15: warning: selectors.coding.strategy: which model is "
                                    "loaded is not known"),
                          HasSubstr("28:44: warning: selectors.coding.targets[2]: not carried "
                                    "over: there is no such model"),
                          HasSubstr("36:1: warning: profiles: not carried over")));
}

}  // namespace
}  // namespace penstock::imports
