#include "load/request.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::load {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(LoadRequest, HasThePromptLengthThatWasAskedFor) {
  for (const std::size_t bytes : {0U, 1U, 45U, 46U, 100'000U}) {
    Options options;
    options.prompt_bytes = bytes;
    const json body = json::parse(request_body(options));
    EXPECT_EQ(body["messages"][0]["content"].get<std::string>().size(), bytes);
  }
}

TEST(LoadRequest, SaysWhatTheOptionsSay) {
  Options options;
  options.model = "a \"model\"";
  options.stream = true;
  options.sim = R"({"tokens": 4})";
  const json body = json::parse(request_body(options));
  EXPECT_EQ(body["model"], "a \"model\"");
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["sim"]["tokens"], 4);
}

TEST(LoadRequest, HasTheFieldsThatItsOptionsAskFor) {
  Options options;
  options.key = "secret";
  options.headers = {"X-One: 1"};
  const std::string fields(request_fields(options).lines());
  EXPECT_THAT(fields, ::testing::StartsWith("Host: "));
  EXPECT_THAT(fields, HasSubstr("Authorization: Bearer secret\r\n"));
  EXPECT_THAT(fields, HasSubstr("X-One: 1\r\n"));
}

TEST(LoadRequest, AsksForEmbeddingsOnTheirPath) {
  Options options;
  options.path = "/v1/embeddings";
  const json body = json::parse(request_body(options));
  EXPECT_EQ(body["input"].get<std::string>().size(), options.prompt_bytes);
  EXPECT_THAT(request_body(options), Not(HasSubstr("messages")));
}

}  // namespace
}  // namespace penstock::load
