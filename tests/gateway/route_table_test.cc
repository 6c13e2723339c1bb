#include "gateway/route_table.h"

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "gateway/routes.h"

namespace penstock::gateway {
namespace {

class Routes : public ::testing::Test {
 protected:
  RouteMatch match(std::string_view method, std::string_view path) {
    Result<RouteMatch> found = table.match(method, {.path = path, .query = {}});
    EXPECT_TRUE(found.has_value()) << path;
    RouteMatch none;
    none.endpoint = &table.unknown();
    return found ? std::move(*found) : none;
  }
  Result<RouteMatch> search(std::string_view method, std::string_view path) {
    return table.match(method, {.path = path, .query = {}});
  }
  std::string allowed(std::string_view path) { return allow_field(*match("GET", path).endpoint); }

  RouteTable table{routes(nullptr)};
};

// `path` with an id in place of each placeholder.
std::string with_ids(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '{') {
      at = path.find('}', at);
      out.push_back('x');
    } else {
      out.push_back(path[at]);
    }
  }
  return out;
}

TEST_F(Routes, AreFoundByTheirPaths) {
  for (const Endpoint& endpoint : table.endpoints()) {
    if (endpoint.label.starts_with("/p/")) continue;
    for (const ServedRoute& served : endpoint.routes) {
      const RouteMatch found = match(served.route.method, with_ids(endpoint.label));
      EXPECT_EQ(found.endpoint, &endpoint) << endpoint.label;
      EXPECT_EQ(found.served, &served) << endpoint.label;
    }
  }
}

TEST_F(Routes, HaveOneEndpointForEachPath) {
  std::set<std::string_view> labels;
  for (const Endpoint& endpoint : table.endpoints()) {
    EXPECT_EQ(&table.endpoints()[endpoint.index], &endpoint);
    EXPECT_TRUE(labels.insert(endpoint.label).second) << endpoint.label;
    EXPECT_EQ(endpoint.routes.empty(), &endpoint == &table.unknown()) << endpoint.label;
  }
  EXPECT_EQ(table.unknown().label, "unknown");
}

TEST_F(Routes, AreNotServedTwice) {
  const auto twice = [] {
    std::vector<ServedRoute> both = routes(nullptr);
    both.push_back(both.front());
    return RouteTable(std::move(both));
  };
  EXPECT_THROW(twice(), std::logic_error);
}

TEST_F(Routes, AreTheSameUnderTheOlderPrefix) {
  for (const Endpoint& endpoint : table.endpoints()) {
    if (!endpoint.label.starts_with("/v1/")) continue;
    EXPECT_EQ(match("GET", "/v1/openai" + with_ids(endpoint.label)).endpoint, &endpoint);
  }
}

TEST_F(Routes, TellThePathWithoutTheOlderPrefix) {
  EXPECT_EQ(match("GET", "/v1/openai/v1/models/x").path, "/v1/models/x");
}

TEST_F(Routes, StandForOneSegmentOrForTheRest) {
  const auto serve = [](Exchange&, const RouteMatch&) -> Task<Status> { co_return Status{}; };
  const RouteTable own({{{"GET", "/v1/a/{a_id}"}, serve},
                        {{"GET", "/v1/a/{a_id}/b/{b_id}"}, serve},
                        {{"POST", "/v1/a/fixed"}, serve},
                        {{"GET", "/v1/all/{all_id:path}"}, serve}});
  const auto label = [&](std::string_view path) {
    const auto found = own.match("GET", {.path = path, .query = {}});
    return found ? found->endpoint->label + " " + std::string(found->id) : std::string("none");
  };
  EXPECT_EQ(label("/v1/a/x"), "/v1/a/{a_id} x");
  EXPECT_EQ(label("/v1/a/x/b/y"), "/v1/a/{a_id}/b/{b_id} x");
  EXPECT_EQ(label("/v1/a/fixed"), "/v1/a/fixed ");
  EXPECT_EQ(label("/v1/all/x/y/z"), "/v1/all/{all_id} x/y/z");
  for (const char* path : {"/v1/a", "/v1/a/", "/v1/a/x/", "/v1/a/x/c", "/v1/a/x/b", "/v1/a/x/b/",
                           "/v1/a//b/y", "/v1/a/x/b/y/", "/v1/a/x/b/y/z", "/v1/all", "/v1/all/"}) {
    EXPECT_EQ(label(path), "none") << path;
  }
}

TEST_F(Routes, OfOperationsHaveNoOlderPrefix) {
  for (const char* path : {"/v1/openai/healthz", "/v1/openai/readyz", "/v1/openai/metrics"}) {
    EXPECT_FALSE(search("GET", path).has_value()) << path;
  }
}

TEST_F(Routes, TakeTheRestOfThePathAsAnId) {
  EXPECT_EQ(match("GET", "/v1/models/p/a:b").id, "p/a:b");
  EXPECT_EQ(match("GET", "/v1/models/p%2Fa%3Ab%20c").id, "p%2Fa%3Ab%20c");
  EXPECT_EQ(match("GET", "/v1/openai/v1/providers/p").id, "p");
  EXPECT_EQ(match("GET", "/v1/models").id, "");
}

TEST_F(Routes, HaveIdsThatAreDecodedOnceWhereTheyAreLookedFor) {
  EXPECT_EQ(decoded_id(match("GET", "/v1/models/p%2Fa%3Ab%20c")), "p/a:b c");
  EXPECT_EQ(decoded_id(match("GET", "/v1/models/p%252F")), "p%2F");
  EXPECT_EQ(decoded_id(match("GET", "/v1/models")), "");
}

TEST_F(Routes, AreNotFoundByOtherPaths) {
  for (const char* path :
       {"", "/v1", "/v1/", "/v1/chat", "/v1/chat/completions/", "/v1/chat/completions/x/y",
        "/v1/Models", "/v1/modelsx", "/v1/openai", "/v1/openai/", "/v1/openai/models",
        "/v1/openai/v1", "/v1/openai/v1/openai/v1/models", "/v1/health%20", "unknown"}) {
    const auto found = search("GET", path);
    ASSERT_FALSE(found.has_value()) << path;
    EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
    EXPECT_TRUE(found.error().message.starts_with(std::string("no such route: ") + path));
  }
}

// reported-failures 5.5
TEST_F(Routes, ThatWereMeantAreNamed) {
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
    const auto found = search("POST", row.path);
    ASSERT_FALSE(found.has_value()) << row.path;
    EXPECT_EQ(found.error().message, "no such route: " + std::string(row.path) + "; did you mean " +
                                         std::string(row.meant) + "?");
  }
  for (const char* path : {"/v1", "/admin", "/v2/x", "/favicon.ico"}) {
    const auto found = search("GET", path);
    ASSERT_FALSE(found.has_value()) << path;
    EXPECT_EQ(found.error().message, std::string("no such route: ") + path);
  }
}

// reported-failures 1.4
TEST_F(Routes, ThatChangeModelsAreForAdministrators) {
  EXPECT_EQ(match("POST", "/v1/models").served->route.access, Access::kAdmin);
  EXPECT_EQ(match("DELETE", "/v1/openai/v1/models/x").served->route.access, Access::kAdmin);
  EXPECT_EQ(match("GET", "/v1/models").served->route.access, Access::kKeyed);
  EXPECT_EQ(match("GET", "/v1/models/x").served->route.access, Access::kKeyed);
  EXPECT_EQ(match("POST", "/v1/chat/completions").served->route.access, Access::kKeyed);
}

TEST_F(Routes, RepeatOnlySoMuchOfAnUnknownPath) {
  EXPECT_LT(search("GET", "/" + std::string(30'000, 'x')).error().message.size(), 300u);
}

TEST_F(Routes, TellWhichMethodsTheyAreFor) {
  EXPECT_NE(match("POST", "/v1/models").served, nullptr);
  EXPECT_NE(match("GET", "/v1/models").served, nullptr);
  EXPECT_NE(match("DELETE", "/v1/models/x").served, nullptr);
  for (const char* method : {"DELETE", "get", "head", "GE", "GET POST", "", " "}) {
    EXPECT_EQ(match(method, "/v1/models").served, nullptr) << method;
  }
  EXPECT_NE(match("HEAD", "/v1/models").served, nullptr);  // reported-failures 5.3
  EXPECT_EQ(match("HEAD", "/v1/embeddings").served, nullptr);
  EXPECT_EQ(allowed("/v1/models"), "GET, HEAD, POST");
  EXPECT_EQ(allowed("/v1/health"), "GET, HEAD");
  EXPECT_EQ(allowed("/v1/embeddings"), "POST");
}

TEST_F(Routes, ThatAreNotServedAreNamedByTheirApi) {
  for (const auto& [path, name] : {std::pair{"/v1/files", "Files API"},
                                   {"/v1/files/f/content", "Files API"},
                                   {"/v1/audio/transcriptions", "Audio API's upload"},
                                   {"/api/chat", "Ollama API"}}) {
    const auto found = search("GET", path);
    ASSERT_FALSE(found.has_value()) << path;
    EXPECT_NE(found.error().message.find(name), std::string::npos) << found.error().message;
  }
}

TEST_F(Routes, AtAProviderAreThoseThatPass) {
  const auto at = [&](std::string_view method, std::string_view path) {
    return table.match_at_provider(method, {.path = path, .query = "a=b"}, 3);
  };
  EXPECT_EQ(at("POST", "/v1/responses").endpoint->label, "/v1/responses");
  EXPECT_EQ(at("POST", "/v1/responses").provider, 3u);
  for (const char* path : {"/v1/models", "/v1/files", "/x", "/metrics", "/v1/providers/p"}) {
    const RouteMatch match = at("GET", path);
    EXPECT_EQ(match.endpoint->label, "/p/{provider_id}/{path}") << path;
    EXPECT_EQ(match.path, path);
    EXPECT_EQ(match.query, "a=b");
    EXPECT_NE(match.served, nullptr);
  }
  EXPECT_EQ(at("TRACE", "/x").served, nullptr);
}

TEST_F(Routes, ArePublicOnlyWhereTheyTellNothingOfTheUpstreams) {
  const std::set<std::string_view> open = {"/",
                                           "/api/hello",
                                           "/health",
                                           "/healthz",
                                           "/livez",
                                           "/metrics",
                                           "/readyz",
                                           "/v1/health",
                                           "/v1/version",
                                           "/v1alpha/admin/health",
                                           "/v1alpha/admin/version"};
  for (const Endpoint& endpoint : table.endpoints()) {
    for (const ServedRoute& served : endpoint.routes) {
      EXPECT_EQ(served.route.access == Access::kPublic, open.contains(endpoint.label))
          << endpoint.label;
    }
  }
}

}  // namespace
}  // namespace penstock::gateway
