// JSON that is deep, wide or long, wherever the server reads JSON into a tree: it is refused or
// left out, and everything else continues.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/model_table.h"
#include "integration/models_fixture.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kDeep = 100'000;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::string nested_objects(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += R"({"a":)";
  return text + "1" + std::string(depth, '}');
}

std::string wide(std::size_t keys) {
  std::string text = "{";
  for (std::size_t i = 0; i < keys; ++i) text += fmt::format(R"("k{}":{},)", i, i);
  return text + R"("last":0})";
}

class HostileJson : public ModelsTest {
 protected:
  WholeAnswer add(std::string_view body) { return ask(post("/v1/models", body)); }
  WholeAnswer add_with(std::string_view metadata) {
    return add(fmt::format(R"({{"model_id":"x","metadata":{}}})", metadata));
  }
  double hits(std::string_view limit) {
    return service().metric(fmt::format(R"(penstock_limit_hits_total{{limit="{}"}})", limit));
  }
  void expect_service() { EXPECT_EQ(ask(chat(Answer::kWhole, "passthrough/m1")).status(), 200); }
};

// reported-failures 1.1
TEST_F(HostileJson, InARegistrationIsRefusedWithItsPlace) {
  const std::vector<std::string> deep = {
      nested(kDeep),      nested_objects(kDeep),   "{\"a\":" + nested(kDeep) + "}",
      nested_objects(65), std::string(kDeep, '['), std::string(kDeep, '{')};
  for (const std::string& metadata : deep) {
    const WholeAnswer answer = add_with(metadata);
    expect_error(answer, 400, "");
    EXPECT_THAT(message_of(answer), HasSubstr(" at byte ")) << metadata.size();
  }
  for (const std::string& body : {nested(kDeep), nested_objects(kDeep)}) {
    expect_error(add(body), 400, "");
  }
  EXPECT_EQ(hits("json_depth"), 7);  // the objects without keys are malformed before that
  expect_service();
}

// faults-measured #2
TEST_F(HostileJson, WithManyKeysInARegistrationIsRefused) {
  for (const std::size_t keys : {10'000, 40'000}) expect_error(add_with(wide(keys)), 400, "");
  EXPECT_EQ(hits("json_values"), 2);
  expect_error(add_with(R"({"a":1,"\u0061":2})"), 400, "");
  expect_service();
}

// reported-failures 1.3
TEST_F(HostileJson, IsRefusedInARegistrationThatIsTooLong) {
  const auto of_length = [](std::size_t bytes) {
    return fmt::format(R"({{"m":"{}"}})", std::string(bytes - 8, 'm'));
  };
  const std::size_t metadata_max = settings.server.limits.metadata_bytes;
  EXPECT_EQ(add_with(of_length(metadata_max)).status(), 200);
  expect_error(add_with(of_length(metadata_max + 1)), 413, "body_too_large");
  EXPECT_EQ(hits("metadata_bytes"), 1);
  expect_error(add_with(of_length(2'000'000)), 413, "body_too_large");
  EXPECT_EQ(hits("registration_bytes"), 1);

  const auto named = [](std::size_t bytes) {
    return fmt::format(R"({{"model_id":"{}"}})", std::string(bytes, 'n'));
  };
  EXPECT_EQ(add(named(512)).status(), 200);
  expect_error(add(named(513)), 400, "");
  expect_error(
      add(fmt::format(R"({{"model_id":"y","provider_model_id":"{}"}})", std::string(513, 'n'))),
      400, "");
  EXPECT_EQ(hits("model_id_bytes"), 2);
  expect_error(add(named(5'000'000)), 413, "body_too_large");
  expect_service();
}

TEST_F(HostileJson, IsReadInARegistrationUpToItsLengthAndNotOnePast) {
  settings.server.limits.registration_bytes = 1024;
  const auto of_length = [](std::string_view id, std::size_t bytes) {
    std::string body = fmt::format(R"({{"model_id":"{}"}})", id);
    return body.append(bytes - body.size(), ' ');
  };
  EXPECT_EQ(add(of_length("a", 1024)).status(), 200);
  expect_error(add(of_length("b", 1025)), 413, "body_too_large");
  EXPECT_EQ(hits("registration_bytes"), 1);
}

// reported-failures 1.3
TEST_F(HostileJson, RegistersModelsUpToABoundOnAllOfThem) {
  settings.server.limits.registered_models = 2;
  const auto named = [](std::string_view id) { return fmt::format(R"({{"model_id":"{}"}})", id); };
  EXPECT_EQ(add(named("a")).status(), 200);
  EXPECT_EQ(add(named("b")).status(), 200);
  expect_error(add(named("c")), 400, "");
  EXPECT_EQ(hits("registered_models"), 1);
  EXPECT_EQ(ask("DELETE /v1/models/passthrough%2Fa HTTP/1.1\r\nHost: test\r\n\r\n").body, "null");
  EXPECT_EQ(add(named("c")).status(), 200);
}

// reported-failures 1.2, 5.15
TEST_F(HostileJson, InAnUpstreamsListCostsItsEntryOnly) {
  const std::vector<std::string> entries = {
      R"({"id":"x","custom_metadata":{"a":)" + nested(kDeep) + "}}",
      R"({"id":"x","custom_metadata":)" + nested_objects(kDeep) + "}",
      R"({"id":"x","custom_metadata":{"a":)" + nested(65) + "}}",
      R"({"id":"x","custom_metadata":)" + wide(40'000) + "}",
      nested(kDeep),
      R"({"id":"\ud800"})",
      R"({"id":"x","created":NaN})",
      "{\"id\":\"x\xFF\"}",
  };
  for (const std::string& entry : entries) {
    ScriptedUpstream odd;
    odd.answer_models(listing(R"({"id":"a"},)" + entry + R"(,{"id":"b"})"));
    TestService server(passthrough_settings(odd.url()));
    EXPECT_THAT(ids_of(RawClient(server.port()).ask(get("/v1/models"))),
                ElementsAre("passthrough/a", "passthrough/b"))
        << entry.substr(0, 80);
  }
}

// reported-failures 1.2
TEST_F(HostileJson, InAListIsLeftOutOfTheTableOfModelsWithOneWarning) {
  const std::string deep = R"({"id":"x","custom_metadata":{"a":)" + nested(kDeep) + "}}";
  upstream.answer_models(listing(deep + R"(,{"id":"a"},)" + deep));
  const app::ModelTable table =
      app::ask_for_models(std::make_shared<const config::Settings>(settings));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].model, "passthrough/a");
  EXPECT_THAT(table.problems, ElementsAre());
  EXPECT_THAT(table.warnings,
              ElementsAre(HasSubstr("2 entries of its list of models are left out")));
}

// reported-failures 1.2
TEST_F(HostileJson, InTheListOfACallersUpstreamIsLeftOut) {
  service();
  const std::string deep = R"({"id":"x","custom_metadata":{"a":)" + nested(kDeep) + "}}";
  upstream.answer_models(listing(deep + R"(,{"id":"a"})"));
  EXPECT_THAT(ids_of(list_for("{}")), ElementsAre("passthrough/m1", "passthrough/a"));
  expect_service();
}

// reported-failures 1.1
TEST_F(HostileJson, InProviderDataIsRefused) {
  for (const std::string& value : {nested(10'000), nested_objects(4'000), nested(64)}) {
    expect_error(list_for(R"({"a":)" + value + "}"), 400, "");
  }
  EXPECT_EQ(hits("json_depth"), 3);
  EXPECT_THAT(ids_of(list_for(R"({"a":)" + nested(63) + "}")), ElementsAre("passthrough/m1"));
  expect_service();
}

// reported-failures 1.1
TEST_F(HostileJson, InAnErrorOfTheUpstreamReachesTheClientAsText) {
  upstream.answer_next(Script().send(json_answer(400, nested(kDeep))));
  const WholeAnswer answer = ask(chat(Answer::kWhole, "passthrough/m1"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_THAT(message_of(answer), HasSubstr("[[[["));
  expect_service();
}

// reported-failures 5.16
TEST_F(HostileJson, IsApartFromNumbersThatKeepTheirSpelling) {
  upstream.answer_models(listing(R"({"id":"a","max_model_len":1e5,"custom_metadata":{"n":1.10,)"
                                 R"("big":12345678901234567890123}})"));
  const std::string all = list().body;
  EXPECT_THAT(all, HasSubstr(R"("n":1.10,"big":12345678901234567890123)"));
  EXPECT_THAT(all, HasSubstr(R"("max_model_len":1e5)"));
  const std::string one = ask(get("/v1/models/passthrough/a")).body;
  EXPECT_THAT(one, HasSubstr(R"({"n":1.10,"big":12345678901234567890123})"));
  EXPECT_EQ(add(R"({"model_id":"r","metadata":{"p":1.0E+2,"q": 100000000000000000001}})").status(),
            200);
  EXPECT_THAT(ask(get("/v1/models/passthrough/r")).body,
              HasSubstr(R"({"p":1.0E+2,"q": 100000000000000000001})"));
}

}  // namespace
}  // namespace penstock::testing
