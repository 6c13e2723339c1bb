#include "gateway/routes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace penstock::gateway {
namespace {

RouteMatch match(std::string_view method, std::string_view path) {
  const Result<RouteMatch> found = match_route(method, path);
  EXPECT_TRUE(found.has_value()) << path;
  RouteMatch none;
  none.entry = &entry_of(Route::kUnknown);
  return found ? *found : none;
}

TEST(Routes, AreFoundByTheirPaths) {
  for (const RouteEntry& entry : route_table()) {
    if (!entry.prefix.empty()) continue;
    EXPECT_EQ(match("GET", entry.path).entry, &entry);
  }
}

TEST(Routes, StandInTheTableAtTheirPlaces) {
  std::set<std::string_view> paths;
  for (const RouteEntry& entry : route_table()) {
    EXPECT_EQ(&entry_of(entry.route), &entry);
    EXPECT_TRUE(paths.insert(entry.path).second) << entry.path;
    EXPECT_FALSE(entry.methods.empty()) << entry.path;
  }
  EXPECT_EQ(entry_of(Route::kUnknown).path, "unknown");
}

TEST(Routes, AreTheSameUnderTheOlderPrefix) {
  for (const RouteEntry& entry : route_table()) {
    if (!entry.path.starts_with("/v1/")) continue;
    const std::string path =
        entry.prefix.empty() ? std::string(entry.path) : std::string(entry.prefix) + "x";
    EXPECT_EQ(match("GET", "/v1/openai" + path).entry, &entry);
  }
}

TEST(Routes, OfOperationsHaveNoOlderPrefix) {
  for (const char* path : {"/v1/openai/healthz", "/v1/openai/readyz", "/v1/openai/metrics"}) {
    EXPECT_FALSE(match_route("GET", path).has_value()) << path;
  }
}

TEST(Routes, TakeTheRestOfThePathAsAnId) {
  EXPECT_EQ(match("GET", "/v1/models/p/a:b").id, "p/a:b");
  EXPECT_EQ(match("GET", "/v1/models/p%2Fa%3Ab%20c").id, "p/a:b c");
  EXPECT_EQ(match("GET", "/v1/models/p%252F").id, "p%2F");  // decoded once
  EXPECT_EQ(match("GET", "/v1/openai/v1/providers/p").id, "p");
  EXPECT_EQ(match("GET", "/v1/models").id, "");
}

TEST(Routes, AreNotFoundWhereTheIdIsBroken) {
  for (const char* path : {"/v1/models/%", "/v1/models/%2", "/v1/models/%zz"}) {
    const auto found = match_route("GET", path);
    ASSERT_FALSE(found.has_value()) << path;
    EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
  }
}

TEST(Routes, AreNotFoundByOtherPaths) {
  for (const char* path :
       {"", "/", "/v1", "/v1/", "/v1/chat", "/v1/chat/completions/", "/v1/chat/completions/x",
        "/v1/Models", "/v1/modelsx", "/v1/openai", "/v1/openai/", "/v1/openai/models",
        "/v1/openai/v1", "/v1/openai/v1/openai/v1/models", "/v1/health%20", "unknown"}) {
    const auto found = match_route("GET", path);
    ASSERT_FALSE(found.has_value()) << path;
    EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
    EXPECT_TRUE(found.error().message.starts_with(std::string("no such route: ") + path));
  }
}

// reported-failures 5.5
TEST(Routes, ThatWereMeantAreNamed) {
  struct Row {
    std::string_view path, meant;
  };
  for (const Row& row : {Row{"/chat/completions", "/v1/chat/completions"},
                         {"/v1/v1/chat/completions", "/v1/chat/completions"},
                         {"/v1/chat/completions/", "/v1/chat/completions"},
                         {"/V1/Chat/Completions", "/v1/chat/completions"},
                         {"/api/v1//completions", "/v1/completions"},
                         {"/v1/chat/completion", "/v1/chat/completions"},
                         {"/v1/models/", "/v1/models"},
                         {"/models", "/v1/models"},
                         {"/v1/v1/models/p/m", "/v1/models/{model_id}"},
                         {"/openai/deployments/x/embeddings", "/v1/embeddings"}}) {
    const auto found = match_route("POST", row.path);
    ASSERT_FALSE(found.has_value()) << row.path;
    EXPECT_EQ(found.error().message, "no such route: " + std::string(row.path) + "; did you mean " +
                                         std::string(row.meant) + "?");
  }
  for (const char* path : {"/", "/v1", "/v1/responses", "/admin", "/v2/x", "/favicon.ico"}) {
    const auto found = match_route("GET", path);
    ASSERT_FALSE(found.has_value()) << path;
    EXPECT_EQ(found.error().message, std::string("no such route: ") + path);
  }
}

// reported-failures 1.4
TEST(Routes, ThatChangeModelsAreForAdministrators) {
  EXPECT_TRUE(match("POST", "/v1/models").takes_admin);
  EXPECT_TRUE(match("DELETE", "/v1/openai/v1/models/x").takes_admin);
  EXPECT_FALSE(match("GET", "/v1/models").takes_admin);
  EXPECT_FALSE(match("GET", "/v1/models/x").takes_admin);
  EXPECT_FALSE(match("POST", "/v1/chat/completions").takes_admin);
}

TEST(Routes, RepeatOnlySoMuchOfAnUnknownPath) {
  EXPECT_LT(match_route("GET", "/" + std::string(30'000, 'x')).error().message.size(), 300u);
}

TEST(Routes, TellWhichMethodsTheyAreFor) {
  EXPECT_TRUE(match("POST", "/v1/models").method_allowed);
  EXPECT_TRUE(match("GET", "/v1/models").method_allowed);
  EXPECT_TRUE(match("DELETE", "/v1/models/x").method_allowed);
  for (const char* method : {"DELETE", "get", "head", "GE", "GET POST", "", " "}) {
    EXPECT_FALSE(match(method, "/v1/models").method_allowed) << method;
  }
  EXPECT_TRUE(match("HEAD", "/v1/models").method_allowed);  // reported-failures 5.3
  EXPECT_FALSE(match("HEAD", "/v1/embeddings").method_allowed);
  EXPECT_EQ(allow_field(entry_of(Route::kModels)), "GET, HEAD, POST");
  EXPECT_EQ(allow_field(entry_of(Route::kHealth)), "GET, HEAD");
  EXPECT_EQ(allow_field(entry_of(Route::kEmbeddings)), "POST");
}

TEST(Routes, ArePublicOnlyWhereTheyTellNothingOfTheUpstreams) {
  for (const RouteEntry& entry : route_table()) {
    const bool is_public = entry.path == "/v1/health" || entry.path == "/v1/version" ||
                           !entry.path.starts_with("/v1/");
    EXPECT_EQ(entry.access == Access::kPublic, is_public) << entry.path;
  }
  EXPECT_EQ(entry_of(Route::kUnknown).access, Access::kKeyed);
}

}  // namespace
}  // namespace penstock::gateway
