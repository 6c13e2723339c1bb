#include "config/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "config/loading.h"
#include "config/url.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The settings of one provider `p` of that type, with this `config`.
Provider provider_of(std::string_view type, std::string_view config, Variables variables = {}) {
  const Settings settings =
      settings_of("providers:\n  inference:\n  - {provider_id: p, provider_type: '" +
                      std::string(type) + "', config: {" + std::string(config) + "}}\n",
                  std::move(variables));
  return settings.providers.empty() ? Provider() : settings.providers[0];
}

std::vector<std::string> problems_of(std::string_view type, std::string_view config) {
  return texts_of(load("providers:\n  inference:\n  - {provider_id: p, provider_type: '" +
                       std::string(type) + "', config: {" + std::string(config) + "}}\n"));
}

std::string text_of(const std::optional<Url>& url) {
  return url ? url->text() : "(none)";
}

// From the sources of OGX 1.5.0: ogx/providers/registry/inference.py, and config.py and the adapter
// of each type.
struct Expected {
  std::string_view type;
  std::string_view base_url;  // of the type; empty: it must be configured
  std::string_view key_setting;
  std::string_view caller_key;  // provider_data_api_key_field; empty: none
};
constexpr Expected kOgx[] = {
    {"remote::anthropic", "https://api.anthropic.com/v1", "api_key", "anthropic_api_key"},
    {"remote::azure", "", "api_key", "azure_api_key"},
    {"remote::bedrock", "https://bedrock-runtime.us-east-2.amazonaws.com/openai/v1",
     "aws_bedrock_bearer_token", "aws_bedrock_bearer_token"},
    {"remote::cerebras", "https://api.cerebras.ai/v1", "api_key", "cerebras_api_key"},
    {"remote::databricks", "", "api_token", "databricks_api_token"},
    {"remote::deepseek", "https://api.deepseek.com/v1", "api_key", "deepseek_api_key"},
    {"remote::fireworks", "https://api.fireworks.ai/inference/v1", "api_key", "fireworks_api_key"},
    {"remote::gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "api_key",
     "gemini_api_key"},
    {"remote::groq", "https://api.groq.com/openai/v1", "api_key", "groq_api_key"},
    {"remote::llama-cpp-server", "http://localhost:8080/v1", "api_key", ""},
    {"remote::llama-openai-compat", "https://api.llama.com/compat/v1", "api_key", "llama_api_key"},
    {"remote::meta", "https://api.meta.ai/v1", "api_key", "meta_api_key"},
    {"remote::mistral", "https://api.mistral.ai/v1", "api_key", "mistral_api_key"},
    {"remote::nvidia", "https://integrate.api.nvidia.com/v1", "api_key", "nvidia_api_key"},
    {"remote::ollama", "http://localhost:11434/v1", "api_key", ""},
    {"remote::openai", "https://api.openai.com/v1", "api_key", "openai_api_key"},
    {"remote::runpod", "", "api_token", "runpod_api_token"},
    {"remote::sambanova", "https://api.sambanova.ai/v1", "api_key", "sambanova_api_key"},
    {"remote::text-embeddings-inference", "http://localhost:8080/v1", "api_key", ""},
    {"remote::together", "https://api.together.xyz/v1", "api_key", "together_api_key"},
    {"remote::vllm", "", "api_token", "vllm_api_token"},
};

TEST(Presets, HaveTheReferencesUrlsAndNames) {
  for (const Expected& expected : kOgx) {
    SCOPED_TRACE(expected.type);
    const std::string url = expected.base_url.empty() ? "base_url: 'http://h/v1', " : "";
    const std::string key = std::string(expected.key_setting) + ": sk-12345678";
    const Provider provider = provider_of(expected.type, url + key);
    EXPECT_EQ(text_of(provider.base_url),
              expected.base_url.empty() ? "http://h/v1" : expected.base_url);
    EXPECT_TRUE(provider.api_key.equals("sk-12345678"));
    EXPECT_EQ(provider.auth, KeyForm::kBearer);
    EXPECT_EQ(provider.key_order, KeyOrder::kCallerFirst);
    EXPECT_EQ(provider.type, expected.type);
    if (expected.caller_key.empty()) {
      EXPECT_THAT(provider.caller_keys, IsEmpty());
    } else {
      EXPECT_EQ(provider.caller_keys.at(0), expected.caller_key);
    }
  }
}

TEST(Presets, HaveUrlsThatCanBeRead) {
  std::set<std::string_view> types;
  for (const Preset& preset : presets()) {
    SCOPED_TRACE(preset.type);
    EXPECT_TRUE(types.insert(preset.type).second);
    EXPECT_EQ(find_preset(preset.type), &preset);
    for (const std::string_view url : {preset.base_url, preset.anthropic_base_url}) {
      if (url.empty() || url.contains('{')) continue;
      const auto read = parse_url(url);
      ASSERT_TRUE(read) << url;
      EXPECT_EQ(read->text(), url);
    }
  }
}

TEST(Presets, NeedAUrlWhereThereIsNoUsualOne) {
  for (std::string_view type :
       {"remote::vllm", "remote::azure", "remote::databricks", "remote::runpod", "remote::tgi"}) {
    EXPECT_THAT(problems_of(type, "base_url: '${env.UNSET:=}'"),
                ElementsAre(HasSubstr("needs the URL of its service in `base_url`")));
  }
  EXPECT_THAT(texts_of(load("providers:\n  inference:\n"
                            "  - {provider_id: p, provider_type: 'remote::vllm'}\n")),
              ElementsAre(HasSubstr("needs the URL of its service in `base_url`")));
}

TEST(Presets, WorkWithoutAConfig) {
  const Settings settings = settings_of(
      "providers:\n  inference:\n"
      "  - {provider_id: p, provider_type: 'remote::groq'}\n");
  EXPECT_EQ(text_of(settings.providers.at(0).base_url), "https://api.groq.com/openai/v1");
}

TEST(Presets, UseABaseUrlAsItIsWritten) {
  EXPECT_EQ(text_of(provider_of("remote::openai", "base_url: 'http://h/api/'").base_url),
            "http://h/api");
  EXPECT_THAT(problems_of("remote::vllm", "base_url: 'http://h:8000'"),
              ElementsAre(HasSubstr("warning: providers.inference[0].config.base_url: this is used "
                                    "as it is written")));
}

// Llama Stack up to 0.3 called it `url`, and appended the path for some types.
TEST(Presets, CompleteAnOlderUrlWithoutAPath) {
  const auto url_of = [](std::string_view type, std::string_view url) {
    return text_of(provider_of(type, "url: '" + std::string(url) + "'").base_url);
  };
  EXPECT_EQ(url_of("remote::ollama", "http://localhost:11434"), "http://localhost:11434/v1");
  EXPECT_EQ(url_of("remote::groq", "https://api.groq.com"), "https://api.groq.com/openai/v1");
  EXPECT_EQ(url_of("remote::tgi", "http://h:8080"), "http://h:8080/v1");
  EXPECT_EQ(url_of("remote::vllm", "http://h:8000/v1"), "http://h:8000/v1");
}

TEST(Presets, SleepWithoutAKeyIfTheyNeedOne) {
  EXPECT_TRUE(provider_of("remote::groq", "api_key: '${env.UNSET:=}'").is_asleep());
  EXPECT_FALSE(provider_of("remote::groq", "api_key: sk-1").is_asleep());
  EXPECT_FALSE(provider_of("remote::groq", "auth: none").is_asleep());
  EXPECT_FALSE(
      provider_of("remote::groq", "network: {headers: {Authorization: Bearer sk-1}}").is_asleep());
  for (std::string_view type : {"remote::ollama", "remote::llama.cpp", "remote::llama-cpp-server",
                                "remote::text-embeddings-inference"}) {
    EXPECT_FALSE(provider_of(type, "").is_asleep()) << type;
  }
  EXPECT_FALSE(provider_of("remote::vllm", "base_url: 'http://h/v1'").is_asleep());
  EXPECT_FALSE(provider_of("remote::passthrough", "base_url: 'http://h/v1'").is_asleep());
}

// As in the reference, a NIM of one's own needs no key.
TEST(Presets, SleepAtNvidiaOnlyAtItsOwnHost) {
  EXPECT_TRUE(provider_of("remote::nvidia", "").is_asleep());
  EXPECT_FALSE(provider_of("remote::nvidia", "base_url: 'http://nim:8000/v1'").is_asleep());
}

TEST(Presets, KnowTheAnthropicApiOfTheirServices) {
  const Provider deepseek = provider_of("remote::deepseek", "");
  EXPECT_EQ(text_of(deepseek.messages_url), "https://api.deepseek.com/anthropic/v1");
  EXPECT_EQ(deepseek.messages_auth, KeyForm::kXApiKey);
  // Not beside a proxy.
  EXPECT_EQ(text_of(provider_of("remote::deepseek", "base_url: 'http://proxy/v1'").messages_url),
            "(none)");
  EXPECT_EQ(text_of(provider_of("remote::deepseek",
                                "base_url: 'http://proxy/v1', anthropic_base_url: 'http://proxy/a'")
                        .messages_url),
            "http://proxy/a/v1");
  for (std::string_view type : {"remote::anthropic", "remote::fireworks", "remote::meta"}) {
    EXPECT_EQ(provider_of(type, "").messages_auth, KeyForm::kXApiKey) << type;
  }
  EXPECT_EQ(provider_of("remote::meta", "messages_auth: bearer").messages_auth, KeyForm::kBearer);
  EXPECT_EQ(provider_of("remote::meta", "auth: api-key").messages_auth, KeyForm::kApiKey);
}

TEST(Presets, KnowWhereModelsAreListed) {
  using Shape = ModelListing::Shape;
  const ModelListing usual = provider_of("remote::openai", "").listing;
  EXPECT_EQ(usual.shape, Shape::kData);
  EXPECT_FALSE(usual.url);
  EXPECT_EQ(provider_of("remote::anthropic", "").listing.surface, Surface::kAnthropic);
  const ModelListing databricks =
      provider_of("remote::databricks", "base_url: 'https://x.net/serving-endpoints'").listing;
  EXPECT_EQ(databricks.shape, Shape::kServingEndpoints);
  EXPECT_EQ(text_of(databricks.url), "https://x.net/api/2.0/serving-endpoints");
  const ModelListing embeddings =
      provider_of("remote::text-embeddings-inference", "base_url: 'http://h:8080/tei/v1'").listing;
  EXPECT_EQ(embeddings.shape, Shape::kOneModel);
  EXPECT_EQ(text_of(embeddings.url), "http://h:8080/tei/info");
}

TEST(Presets, PutBedrocksRegionIntoItsUrls) {
  const Provider provider =
      provider_of("remote::bedrock", "aws_bearer_token_bedrock: abc, region_name: us-west-2");
  EXPECT_EQ(text_of(provider.base_url),
            "https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1");
  EXPECT_EQ(text_of(provider.listing.url), "https://bedrock-mantle.us-west-2.api.aws/v1/models");
  EXPECT_TRUE(provider.api_key.equals("abc"));
  // Its token goes nowhere else if a proxy is configured.
  EXPECT_EQ(text_of(provider_of("remote::bedrock", "base_url: 'http://proxy/v1'").listing.url),
            "(none)");
  EXPECT_THAT(problems_of("remote::bedrock", "region_name: evil.test/"),
              ElementsAre(HasSubstr("expected a region")));
}

TEST(Presets, WarnOfWhatHasNoEffectUnlessItIsEmpty) {
  EXPECT_THAT(problems_of("remote::bedrock", "aws_role_arn: '${env.UNSET:=}'"), IsEmpty());
  EXPECT_THAT(problems_of("remote::bedrock", "aws_role_arn: arn"),
              ElementsAre(HasSubstr("warning: providers.inference[0].config.aws_role_arn")));
  EXPECT_THAT(problems_of("remote::vllm", "base_url: 'http://h/v1', max_tokens: 4096"),
              ElementsAre(HasSubstr("warning: providers.inference[0].config.max_tokens")));
}

TEST(Presets, KnowOnlyTheKeysOfTheirType) {
  EXPECT_THAT(problems_of("remote::groq", "api_token: sk-1"),
              ElementsAre(HasSubstr("unknown key; did you mean `api_key`?")));
  EXPECT_THAT(problems_of("remote::vllm", "base_url: 'http://h/v1', api_key: sk-1"),
              ElementsAre(HasSubstr("unknown key")));
  EXPECT_THAT(problems_of("remote::groq", "append_v1: true"), ElementsAre(HasSubstr("unknown")));
}

TEST(Presets, TakeVllmsOlderWayToVerifyCertificates) {
  EXPECT_FALSE(
      provider_of("remote::vllm", "base_url: 'https://h/v1', tls_verify: false").tls.verify);
  EXPECT_TRUE(provider_of("remote::vllm",
                          "base_url: 'https://h/v1', tls_verify: false, "
                          "network: {tls: {verify: true}}")
                  .tls.verify);
}

TEST(Presets, TakeGeminisTokenWithItsProject) {
  const Provider provider = provider_of("remote::gemini", "access_token: ya29, project: p1");
  EXPECT_TRUE(provider.api_key.equals("ya29"));
  ASSERT_EQ(provider.headers.size(), 1u);
  EXPECT_EQ(provider.headers[0].name, "x-goog-user-project");
  EXPECT_EQ(provider.headers[0].value.reveal(), "p1");
  EXPECT_THAT(problems_of("remote::gemini", "api_key: a, access_token: b, project: p"),
              ElementsAre(HasSubstr("exclude each other")));
  EXPECT_THAT(problems_of("remote::gemini", "access_token: b"),
              ElementsAre(HasSubstr("a token needs the `project`")));
  EXPECT_THAT(problems_of("remote::gemini", "api_key: a, project: p"),
              ElementsAre(HasSubstr("only calls with an access_token")));
}

TEST(Presets, SpeakBothApisOfAzure) {
  const Provider today =
      provider_of("remote::azure",
                  "base_url: 'https://r.openai.azure.com/openai/v1', api_version: "
                  "'${env.UNSET:=}', api_type: azure, api_key: k");
  EXPECT_EQ(today.auth, KeyForm::kBearer);
  EXPECT_THAT(today.query, IsEmpty());
  const std::string dated = "base_url: 'https://r.openai.azure.com/openai/deployments/gpt-4o'";
  const Provider older = provider_of("remote::azure", dated + ", api_version: 2024-10-21");
  EXPECT_EQ(older.auth, KeyForm::kApiKey);
  ASSERT_EQ(older.query.size(), 1u);
  EXPECT_EQ(older.query[0].name, "api-version");
  EXPECT_EQ(older.query[0].value.reveal(), "2024-10-21");
  EXPECT_EQ(older.listing.shape, ModelListing::Shape::kNone);
  EXPECT_THAT(problems_of("remote::azure", dated),
              ElementsAre(HasSubstr("needs an `api_version`")));
  EXPECT_THAT(problems_of("remote::azure", "base_url: 'http://h/openai/v1', api_version: 2024"),
              ElementsAre(HasSubstr("warning: providers.inference[0].config.api_version: not "
                                    "sent")));
}

TEST(Passthrough, TakesItsPathAsItIs) {
  EXPECT_EQ(
      text_of(provider_of("remote::passthrough", "base_url: 'http://h/api', path: as_is").base_url),
      "http://h/api");
  EXPECT_EQ(text_of(provider_of("remote::passthrough", "base_url: 'http://h/api'").base_url),
            "http://h/api/v1");
  EXPECT_THAT(
      problems_of("remote::passthrough", "base_url: 'http://h/api', path: as_is, append_v1: false"),
      ElementsAre(HasSubstr("append_v1 is an older form of `path`")));
}

TEST(Passthrough, SendsItsKeyInTheFormThatIsAskedFor) {
  const auto form_of = [](std::string_view word) {
    return provider_of("remote::passthrough", "base_url: 'http://h', auth: " + std::string(word))
        .auth;
  };
  EXPECT_EQ(form_of("x-api-key"), KeyForm::kXApiKey);
  EXPECT_EQ(form_of("api-key"), KeyForm::kApiKey);
  EXPECT_EQ(form_of("none"), KeyForm::kNone);
  EXPECT_THAT(problems_of("remote::passthrough", "base_url: 'http://h', auth: basic, api_key: k"),
              ElementsAre(HasSubstr("a name and a password with a colon")));
  EXPECT_THAT(problems_of("remote::passthrough", "base_url: 'http://h', auth: none, api_key: k"),
              ElementsAre(HasSubstr("this is never sent, since `auth` is none")));
}

TEST(AnyProvider, NamesTheClientsHeadersThatPassAndThoseThatDoNot) {
  const Provider provider =
      provider_of("remote::groq", "forward_client_headers: [X-Session-ID, -Traceparent]");
  EXPECT_THAT(provider.forwarded_client_headers, ElementsAre("x-session-id"));
  EXPECT_THAT(provider.withheld_client_headers, ElementsAre("traceparent"));
  EXPECT_THAT(provider_of("remote::groq", "forward_client_headers: [' X-Mine ', x-team-*]")
                  .forwarded_client_headers,
              ElementsAre("x-mine", "x-team-*"));
}

TEST(AnyProvider, RefusesClientsHeadersThatWouldNotPassAndSaysWhatToDo) {
  struct Row {
    std::string_view name, problem;
  };
  for (const Row& row : {Row{"Authorization", "network.headers"},
                         {"X-My-Token", "carries a credential by its name"},
                         {"x-api-key*", "carries a credential by its name"},
                         {"Cookie", "carries a credential by its name"},
                         {"Host", "never passes"},
                         {"Connection", "never passes"},
                         {"Proxy-Authenticate", "never passes"},
                         {"Content-Length", "never passes"},
                         {"content-*", "never passes"},
                         {"X-Forwarded-For", "never passes"},
                         {"x-forwarded-*", "never passes"},
                         {"X-OGX-Provider-Data", "never passes"},
                         {"X-Penstock-Provider", "never passes"},
                         {"x-penstock-*", "never passes"},
                         {"Location", "never passes"},
                         {"User-Agent", "the server writes this header itself"},
                         {"Accept", "this header always passes"},
                         {"-Content-Type", "this header always passes"},
                         {"'x-*-y'", "only at the end"},
                         {"'-x-*-y'", "only at the end"},
                         {"'a b'", "expected the name of a header"},
                         {"'-'", "expected the name of a header"}}) {
    EXPECT_THAT(
        problems_of("remote::groq", "forward_client_headers: [" + std::string(row.name) + "]"),
        ElementsAre(HasSubstr(row.problem)))
        << row.name;
  }
}

TEST(AnyProvider, SaysWhichOfItsModelsHaveNoPrefix) {
  EXPECT_THAT(provider_of("remote::groq", "").unprefixed_models, IsEmpty());
  EXPECT_THAT(provider_of("remote::groq", "unprefixed_models: false").unprefixed_models, IsEmpty());
  EXPECT_THAT(provider_of("remote::groq", "unprefixed_models: true").unprefixed_models,
              ElementsAre("*"));
  EXPECT_THAT(provider_of("remote::groq", "unprefixed_models: ['claude-*', b]").unprefixed_models,
              ElementsAre("claude-*", "b"));
}

TEST(UnservedTypes, AreSkippedWithWhatToDo) {
  EXPECT_THAT(advice_about("remote::watsonx"), HasSubstr("exchanged for a token"));
  EXPECT_THAT(advice_about("remote::oci"), HasSubstr("signed"));
  EXPECT_THAT(advice_about("inline::sentence-transformers"), HasSubstr("let a server run it"));
  EXPECT_THAT(advice_about("remote::opneai"), HasSubstr("did you mean `remote::openai`?"));
  EXPECT_THAT(advice_about("remote::something-else"), HasSubstr("use remote::passthrough"));
}

}  // namespace
}  // namespace penstock::config
