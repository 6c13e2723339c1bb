#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loading.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string file_with_cors(std::string_view cors) {
  return std::string(kOneProvider) + "server: {cors: " + std::string(cors) + "}\n";
}

TEST(Cors, IsOffUnlessItIsAskedFor) {
  EXPECT_FALSE(settings_of(std::string(kOneProvider)).server.cors);
  EXPECT_FALSE(settings_of(file_with_cors("false")).server.cors);
  EXPECT_FALSE(settings_of(file_with_cors("")).server.cors);
}

// process_cors_config() in ogx/core/datatypes.py.
TEST(Cors, AllowsPagesOfTheSameMachineIfItIsJustTrue) {
  const std::optional<Cors> cors = settings_of(file_with_cors("true")).server.cors;
  ASSERT_TRUE(cors);
  EXPECT_THAT(cors->allow_origins, IsEmpty());
  EXPECT_EQ(cors->allow_origin_regex, R"(https?://localhost:\d+)");
  EXPECT_THAT(cors->allow_methods, ElementsAre("GET", "POST", "PUT", "DELETE", "OPTIONS"));
  EXPECT_THAT(cors->allow_headers,
              ElementsAre("Content-Type", "Authorization", "X-Requested-With"));
  EXPECT_FALSE(cors->allow_credentials);
  EXPECT_EQ(cors->max_age, std::chrono::seconds(600));
}

// CORSConfig in ogx/core/datatypes.py.
TEST(Cors, HasTheReferencesKeysAndDefaults) {
  const std::optional<Cors> given =
      settings_of(file_with_cors("{allow_origins: ['https://a.test:8443', 'vscode-webview://x'], "
                                 "allow_methods: [POST, '*'], allow_headers: [X-A], "
                                 "allow_credentials: true, expose_headers: [X-B], max_age: 0}"))
          .server.cors;
  ASSERT_TRUE(given);
  EXPECT_THAT(given->allow_origins, ElementsAre("https://a.test:8443", "vscode-webview://x"));
  EXPECT_THAT(given->allow_methods, ElementsAre("POST", "*"));
  EXPECT_THAT(given->allow_headers, ElementsAre("X-A"));
  EXPECT_TRUE(given->allow_credentials);
  EXPECT_THAT(given->expose_headers, ElementsAre("X-B"));
  EXPECT_EQ(given->max_age, std::chrono::seconds(0));
  const std::optional<Cors> none = settings_of(file_with_cors("{}")).server.cors;
  ASSERT_TRUE(none);
  EXPECT_THAT(none->allow_methods, ElementsAre("OPTIONS"));
}

TEST(Cors, RefusesWhatNoBrowserWouldSend) {
  const auto problems = [](std::string_view cors) { return texts_of(load(file_with_cors(cors))); };
  for (std::string_view origin :
       {"https://a.test/", "https://a.test/path", "a.test", "", "http:"}) {
    EXPECT_THAT(problems("{allow_origins: ['" + std::string(origin) + "']}"),
                ElementsAre(HasSubstr("expected an origin")))
        << origin;
  }
  EXPECT_THAT(problems("{allow_methods: ['GET POST']}"),
              ElementsAre(HasSubstr("expected a method")));
  EXPECT_THAT(problems("{allow_headers: ['a b']}"), ElementsAre(HasSubstr("name of a header")));
  EXPECT_THAT(problems("{allow_origin_regex: '('}"),
              ElementsAre(HasSubstr("not a regular expression")));
  EXPECT_THAT(problems("{allow_origins: ['*'], allow_credentials: true}"),
              ElementsAre(HasSubstr("cannot be allowed to use credentials")));
}

}  // namespace
}  // namespace penstock::config
