// Which models there are, what they are called on both sides, and which may be requested.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "integration/models_fixture.h"

namespace penstock::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Models : public ModelsTest {};

TEST_F(Models, AreListedInTheReferencesShape) {
  upstream.set_models({"b", "a"});
  const Json list_of_two = json_of(list());
  ASSERT_EQ(list_of_two["data"].size(), 2u);
  const std::int64_t created = list_of_two["data"][0]["created"].get<std::int64_t>();
  EXPECT_GT(created, 1'700'000'000);
  const auto entry = [&](std::string_view name) {
    return fmt::format(R"({{"id":"passthrough/{0}","object":"model","created":{1},)"
                       R"("owned_by":"ogx","custom_metadata":{{"model_type":"llm",)"
                       R"("provider_id":"passthrough","provider_resource_id":"{0}"}}}})",
                       name, created);
  };
  EXPECT_EQ(list().body,
            fmt::format(R"({{"object":"list","data":[{},{}]}})", entry("b"), entry("a")));
}

TEST_F(Models, HaveAnotherShapeWhenOneIsAskedFor) {
  const Json created = json_of(list())["data"][0]["created"];
  EXPECT_EQ(ask(get("/v1/models/passthrough/m1")).body,
            fmt::format(R"({{"identifier":"passthrough/m1","provider_resource_id":"m1",)"
                        R"("provider_id":"passthrough","type":"model","metadata":{{}},)"
                        R"("created":{},"owned_by":"ogx","model_type":"llm",)"
                        R"("model_validation":null,"id":"passthrough/m1","object":"model"}})",
                        created.dump()));
}

TEST_F(Models, CarryTheUpstreamsMetadata) {
  upstream.answer_models(
      listing(R"({"id":"e","custom_metadata":{"model_type":"embedding","embedding_dimension":384,)"
              R"("provider_id":"other"}},{"id":"x","custom_metadata":{"model_type":"novel"}})"));
  const Json models = json_of(list())["data"];
  EXPECT_EQ(models[0]["custom_metadata"].dump(),
            R"({"model_type":"embedding","provider_id":"passthrough",)"
            R"("provider_resource_id":"e","embedding_dimension":384})");
  EXPECT_EQ(models[1]["custom_metadata"]["model_type"], "llm");
  const Json single = json_of(ask(get("/v1/models/passthrough/e")));
  EXPECT_EQ(single["model_type"], "embedding");
  // reported-failures 7.9
  EXPECT_EQ(single["metadata"], Json({{"model_type", "embedding"}, {"embedding_dimension", 384}}));
}

TEST_F(Models, OfAStatedTypeAreHeldToIt) {
  upstream.answer_models(listing(R"({"id":"e","custom_metadata":{"model_type":"embedding"}})"));
  const WholeAnswer answer = ask(chat(Answer::kWhole, "passthrough/e"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(message_of(answer),
            "Model 'passthrough/e' is of type 'embedding' rather than the expected type 'llm'");
  EXPECT_EQ(ask(post("/v1/embeddings", chat_body("passthrough/e"))).status(), 200);
}

TEST_F(Models, OfAnAssumedTypeServeEverything) {
  EXPECT_EQ(ask(post("/v1/embeddings", chat_body("passthrough/m1"))).status(), 200);
}

TEST_F(Models, WithSlashesAndColonsAreFoundRawAndEncoded) {
  upstream.set_models({"meta-llama/Llama-3:8b"});
  for (const char* path : {"/v1/models/passthrough/meta-llama/Llama-3:8b",
                           "/v1/models/passthrough%2Fmeta-llama%2FLlama-3%3A8b",
                           "/v1/models/passthrough%2fmeta-llama/Llama-3%3a8b",
                           "/v1/openai/v1/models/passthrough/meta-llama%2FLlama-3:8b"}) {
    const Json model = json_of(ask(get(path)));
    EXPECT_EQ(model["id"], "passthrough/meta-llama/Llama-3:8b") << path;
  }
  EXPECT_EQ(upstream_name_of("passthrough/meta-llama/Llama-3:8b"), "meta-llama/Llama-3:8b");
}

TEST_F(Models, ThatAreUnknownAreNotFoundInTheReferencesWords) {
  const WholeAnswer answer = ask(get("/v1/models/passthrough/none"));
  expect_error(answer, 404, "model_not_found");
  EXPECT_EQ(message_of(answer), not_found("passthrough/none"));
  // reported-failures 5.5
  const WholeAnswer helped = ask(get("/v1/models/m1"));
  expect_error(helped, 404, "model_not_found");
  EXPECT_EQ(message_of(helped), not_found("m1") + " Did you mean 'passthrough/m1'?");
  EXPECT_EQ(message_of(ask(chat(Answer::kWhole, "openai/M1"))),
            not_found("openai/M1") + " Did you mean 'passthrough/m1'?");
}

// reported-failures 5.13
TEST_F(Models, ThatAreListedCanBeGotWhateverTheirIdsHold) {
  upstream.set_models({"../x", "a/./b", "b\\\\s", "..%2Fx", "c?d#e", "g h"});
  struct Row {
    const char* path;
    const char* upstream_id;
  };
  for (const Row& row : {Row{"passthrough/..%2Fx", "../x"},
                         {"passthrough%2F..%2Fx", "../x"},
                         {"passthrough/a/./b", "a/./b"},
                         {"passthrough%2Fa%2F.%2Fb", "a/./b"},
                         {"passthrough/b%5Cs", "b\\s"},
                         {"passthrough/..%252Fx", "..%2Fx"},
                         {"passthrough/c%3Fd%23e", "c?d#e"},
                         {"passthrough/g%20h", "g h"}}) {
    EXPECT_EQ(json_of(ask(get(std::string("/v1/models/") + row.path)))["provider_resource_id"],
              row.upstream_id)
        << row.path;
  }
  for (const char* path : {"/v1/models/../health", "/v1/models/passthrough/../m1",
                           "/v1/chat/..%2fcompletions", "/v1/models/%00"}) {
    EXPECT_EQ(ask(get(path)).status(), 400) << path;
  }
}

TEST_F(Models, AreRoutedThoughNobodyListsThem) {
  EXPECT_EQ(upstream_name_of("passthrough/not/listed:1"), "not/listed:1");
  for (const char* name : {"zz/m1", "m1", "passthrough", "passthrough/", "/m1", "Passthrough/m1"}) {
    expect_not_found(name);
  }
}

TEST_F(Models, WithSpellingsOfTheirNameReachTheUpstreamAsOneString) {
  const std::string body = R"({"model" : "passthrough\/caf\u00e9 \"x\"", "messages":[], "n":1.0})";
  EXPECT_EQ(ask(post(kChatPath, body)).status(), 200);
  EXPECT_EQ(upstream.wait_for_request().body,
            R"({"model" : "café \"x\"", "messages":[], "n":1.0})");
}

// --- Allow-lists ---

TEST_F(Models, OutsideOfAnAllowListAreNeitherListedNorServed) {
  upstream.set_models({"a", "b", "c"});
  settings.providers[0].allowed_models = {"c", "a", "unlisted"};
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/a", "passthrough/c"));
  expect_error(ask(get("/v1/models/passthrough/b")), 404, "model_not_found");
  expect_not_found("passthrough/b");
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(upstream_name_of("passthrough/unlisted"), "unlisted");
}

TEST_F(Models, OfAnEmptyAllowListAreNone) {
  settings.providers[0].allowed_models.emplace();
  EXPECT_THAT(ids_of(list()), ElementsAre());
  expect_not_found("passthrough/m1");
}

TEST_F(Models, OutsideOfAnAllowListCannotBeReachedByAnAlias) {
  settings.providers[0].allowed_models = {"m1"};
  settings.models = {{.id = "fast", .provider_id = "passthrough", .provider_model_id = "m2"},
                     {.id = "faster", .provider_id = "all", .provider_model_id = "m2"}};
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
  expect_not_found("fast");
  expect_not_found("faster");
}

TEST_F(Models, OutsideOfAnAllowListAreNotListedForACallerEither) {
  upstream.set_models({"a", "b"});
  settings.providers[0].allowed_models = {"b"};
  EXPECT_THAT(ids_of(list_for(R"({"passthrough_api_key":"k"})")), ElementsAre("passthrough/b"));
}

// --- Aliases and several providers ---

class TwoProviders : public ModelsTest {
 protected:
  ScriptedUpstream other;

  TwoProviders() {
    other.set_models({"m1", "o1"});
    other.answer_always(Script().send(json_answer(200, chat_answer_body("m1"))));
    settings = settings_from_yaml(fmt::format(R"(
providers:
  inference:
    - {{provider_id: first, provider_type: "remote::passthrough", config: {{base_url: "{}"}}}}
    - {{provider_id: second, provider_type: "remote::passthrough", config: {{base_url: "{}"}}}}
registered_resources:
  models:
    - {{model_id: quick, provider_id: all, provider_model_id: m1}}
    - {{model_id: big, provider_id: second, provider_model_id: o1, metadata: {{tier: gold}}}}
    - {{model_id: plain, provider_id: second}}
)",
                                              upstream.url(), other.url()));
  }
};

TEST_F(TwoProviders, ListTheirModelsSideBySide) {
  EXPECT_THAT(ids_of(list()), ElementsAre("quick", "second/big", "second/plain", "first/m1",
                                          "second/m1", "second/o1"));
  const Json big = json_of(ask(get("/v1/models/big")));
  EXPECT_EQ(big["provider_id"], "second");
  EXPECT_EQ(big["provider_resource_id"], "o1");
  EXPECT_EQ(big["metadata"], Json({{"tier", "gold"}}));
}

// reported-failures 5.12
TEST_F(TwoProviders, AreAskedForACallersModelsAtOnce) {
  service();
  const auto both_asked = std::make_shared<Latch>();
  upstream.answer_models(Script().pause(both_asked).append(listing(R"({"id":"mine"})")));
  other.answer_models(Script().pause(both_asked).append(listing(R"({"id":"mine"})")));
  RawClient client = connect();
  ASSERT_TRUE(client.send(
      get("/v1/models", {{"X-OGX-Provider-Data", R"({"passthrough_api_key":"sk-caller"})"}})));
  EXPECT_TRUE(upstream.wait_for_models_request(1));
  EXPECT_TRUE(other.wait_for_models_request(1));
  both_asked->release();
  const WholeAnswer answer = client.read_answer();
  EXPECT_THAT(answer.body, AllOf(HasSubstr("first/mine"), HasSubstr("second/mine")));
}

TEST_F(TwoProviders, GetTheRequestsForTheirModels) {
  EXPECT_EQ(ask(chat(Answer::kWhole, "second/m1")).status(), 200);
  EXPECT_EQ(ask(chat(Answer::kWhole, "big")).status(), 200);
  EXPECT_EQ(ask(chat(Answer::kWhole, "second/any")).status(), 200);
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(other.requests().size(), 3u);
  EXPECT_EQ(Json::parse(other.wait_for_request(1).body)["model"], "o1");
  EXPECT_EQ(upstream_name_of("first/m1"), "m1");
}

TEST_F(TwoProviders, AreNamedByAnAliasWithoutPrefix) {
  const WholeAnswer answer = ask(chat(Answer::kWhole, "quick"));
  EXPECT_EQ(json_of(answer)["model"], "quick");
  EXPECT_EQ(Json::parse(upstream.wait_for_request().body)["model"], "m1");
}

TEST_F(TwoProviders, AreDescribedInTheirOrder) {
  const Json data = json_of(ask(get("/v1/providers")))["data"];
  ASSERT_EQ(data.size(), 2u);
  EXPECT_EQ(data[0]["provider_id"], "first");
  EXPECT_EQ(data[1]["provider_id"], "second");
}

TEST_F(TwoProviders, DoNotNeedEachOther) {
  upstream.answer_models(Script().close());
  EXPECT_EQ(json_of(ask(get("/v1/providers/first")))["health"]["status"], "Error");
  EXPECT_EQ(json_of(ask(get("/v1/providers/second")))["health"]["status"], "OK");
  EXPECT_EQ(ask(chat(Answer::kWhole, "second/m1")).status(), 200);
}

// --- The reference's names ---

class NamedModels : public ModelsTest {
 protected:
  void register_models(std::string_view entries) {
    settings = settings_from_yaml(fmt::format(R"(
providers:
  inference:
    - {{provider_id: pt, provider_type: "remote::passthrough", config: {{base_url: "{}"}}}}
registered_resources:
  models: [{}]
)",
                                              upstream.url(), entries));
  }
};

// reported-failures 7.1
TEST_F(NamedModels, AreListedAndAskedForUnderTheirProvider) {
  register_models("{model_id: named, provider_id: pt, provider_model_id: org/m2}");
  EXPECT_THAT(ids_of(list()), ElementsAre("pt/named", "pt/m1"));
  EXPECT_EQ(upstream_name_of("pt/named"), "org/m2");
  EXPECT_EQ(upstream_name_of("named"), "org/m2");
  EXPECT_EQ(json_of(ask(get("/v1/models/pt%2Fnamed")))["identifier"], "pt/named");
  EXPECT_EQ(json_of(ask(get("/v1/models/named")))["identifier"], "pt/named");
  // Each answer carries the requested name; the metrics have one series.
  upstream.answer_always(Script().send(json_answer(200, R"({"model":"org/m2"})")));
  EXPECT_EQ(json_of(ask(chat(Answer::kWhole, "pt/named")))["model"], "pt/named");
  EXPECT_EQ(json_of(ask(chat(Answer::kWhole, "named")))["model"], "named");
  const std::string metrics = ask(get("/metrics")).body;
  EXPECT_NE(metrics.find(R"(model="pt/named")"), std::string::npos);
  EXPECT_EQ(metrics.find(R"(model="named")"), std::string::npos);
}

// reported-failures 7.2
TEST_F(NamedModels, ThatFollowTheListGetItsFirstModelAndNeverTheWord) {
  upstream.set_models({"first", "second"});
  register_models("{model_id: claude, provider_id: all, provider_model_id: auto}");
  EXPECT_EQ(upstream_name_of("claude"), "first");
  EXPECT_THAT(ids_of(list()), ElementsAre("claude", "pt/first", "pt/second"));
}

TEST_F(NamedModels, ThatFollowAListNobodyKnowsSayWhy) {
  upstream.answer_models(Script().close());
  register_models("{model_id: claude, provider_id: pt, provider_model_id: auto}");
  for (const char* name : {"claude", "pt/claude"}) {
    const WholeAnswer answer = ask(chat(Answer::kWhole, name));
    expect_error(answer, 404, "model_not_found");
    EXPECT_EQ(message_of(answer), not_found(name) +
                                      " It is registered, but provider 'pt' has not listed its "
                                      "models yet.");
  }
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_THAT(ids_of(list()), ElementsAre());
}

// reported-failures 7.3
TEST_F(NamedModels, MayBeAliasesWithoutAPrefix) {
  register_models(
      "{model_id: fast, provider_id: pt, provider_model_id: m1, "
      "metadata: {_unprefixed_alias: true, tier: 1}}");
  EXPECT_THAT(ids_of(list()), ElementsAre("fast", "pt/m1"));
  EXPECT_EQ(upstream_name_of("fast"), "m1");
  EXPECT_EQ(ask(get("/v1/models/fast")).body.find("_unprefixed"), std::string::npos);
}

// --- Names in answers ---

class AnswersName : public ModelsTest {};

TEST_F(AnswersName, TheModelAsTheClientDoesInWholeBodies) {
  for (const char* path : {"/v1/chat/completions", "/v1/completions", "/v1/embeddings"}) {
    upstream.answer_next(Script().send(
        json_answer(200, R"({"id":"x", "model" :"m1", "inner":{"model":"m1"},"n":1e0})")));
    const WholeAnswer answer = ask(post(path, chat_body("passthrough/m1")));
    EXPECT_EQ(answer.body,
              R"({"id":"x", "model" :"passthrough/m1", "inner":{"model":"m1"},"n":1e0})");
    EXPECT_EQ(answer.head.find("content-length"), std::to_string(answer.body.size()));
  }
}

TEST_F(AnswersName, TheModelAsTheClientDoesInEveryEventOfAChat) {
  upstream.answer_next(Script().send(stream_head()).send(chunk(chat_events())).send(kLastChunk));
  const WholeAnswer answer = ask(chat(Answer::kStream));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, chat_events("passthrough/m1"));
}

TEST_F(AnswersName, TheModelAsTheClientDoesInEveryEventOfACompletion) {
  const auto events = [](std::string_view model) {
    const auto data = [&](std::string_view finish) {
      return event(fmt::format(R"({{"id":"c","object":"text_completion","created":1,)"
                               R"("choices":[{{"index":0,"text":"a","finish_reason":{}}}],)"
                               R"("model":"{}"}})",
                               finish, model));
    };
    return data("null") + data("\"stop\"") + std::string(kDone);
  };
  upstream.answer_next(Script().send(stream_head()).send(chunk(events("m1"))).send(kLastChunk));
  const WholeAnswer answer =
      ask(post("/v1/completions", R"({"model":"passthrough/m1","prompt":"x","stream":true})"));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, events("passthrough/m1"));
}

TEST_F(AnswersName, NothingOfTheirErrorsAnew) {
  const std::string body = R"({"error":{"message":"m1 is busy"},"model":"m1"})";
  upstream.answer_next(Script().send(json_answer(503, body)));
  EXPECT_EQ(ask(chat(Answer::kWhole)).body, body);
}

TEST_F(AnswersName, TheEndOfAStreamOnlyWhereTheSettingSaysSo) {
  settings.server.sse_done = config::SseDone::kStrip;
  upstream.answer_next(Script().send(stream_head()).send(chunk(chat_events())).send(kLastChunk));
  const WholeAnswer answer = ask(chat(Answer::kStream));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body + std::string(kDone), chat_events("passthrough/m1"));
}

}  // namespace
}  // namespace penstock::testing
