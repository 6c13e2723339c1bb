// What passes: bodies that name several models, batches of messages, and paths with ids.

#include "gateway/pass.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BatchTest : public SimulatedGateway {
 protected:
  void begin() {
    config::Provider other;
    other.id = "q";
    other.base_url = config::Url{.host = "other", .path = "/v1"};
    settings->providers.push_back(std::move(other));
    start();
  }
  std::string ask(std::string_view body) {
    return say("POST /v1/messages/batches HTTP/1.1\r\nHost: h\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  static std::string batch(std::initializer_list<std::string_view> models) {
    std::string body = R"({"requests":[)";
    for (const std::string_view model : models) {
      body.append(R"({"params":{"model":")").append(model).append(R"("}},)");
    }
    body.back() = ']';
    return body + "}";
  }
};

TEST_F(BatchTest, NamesEachModelAsTheUpstreamDoes) {
  begin();
  for (const auto& [sent, passed] :
       {std::pair{batch({"p/a"}), batch({"a"})},
        std::pair{batch({"p/a", "p/a"}), batch({"a", "a"})},
        std::pair{batch({"p/a", "p/longer", "p/a", "p/c"}), batch({"a", "longer", "a", "c"})}}) {
    EXPECT_EQ(ask(sent), "");
    const std::string request = upstreams.back()->receive();
    EXPECT_THAT(request, EndsWith("\r\n\r\n" + passed));
    EXPECT_THAT(request, HasSubstr("Content-Length: " + std::to_string(passed.size()) + "\r\n"));
    EXPECT_THAT(upstream_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), HasSubstr("200 OK"));
  }
}

TEST_F(BatchTest, IsRefusedWhereItsModelsAreNotOfOneProvider) {
  begin();
  EXPECT_THAT(ask(batch({"p/a", "q/b"})), HasSubstr("of different providers"));
  EXPECT_THAT(ask(batch({"p/a", "unknown"})), HasSubstr("404"));
  EXPECT_TRUE(upstreams.empty());
}

class IdTest : public SimulatedGateway {};

// A route's path with `id` in place of each placeholder.
std::string with_ids(std::string_view path, std::string_view id) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '{') {
      out.push_back(path[at]);
      continue;
    }
    out.append(id);
    at = path.find('}', at);
  }
  return out;
}

TEST_F(IdTest, LeadsToNoOtherPathOfTheUpstream) {
  start();
  int asked = 0;
  for (const Endpoint& endpoint : table->endpoints()) {
    if (!endpoint.api || !endpoint.has_placeholders) continue;
    for (const ServedRoute& served : endpoint.routes) {
      for (const char* id : {"..%2fx", "%252e%252e", "a%255cb", "..;x", "a;b", "a%3fb"}) {
        for (const char* prefix : {"", "/v1/openai", "/p/p"}) {
          const std::string path = prefix + with_ids(endpoint.label, id);
          const std::string answer =
              say(std::string(served.route.method) + " " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
          EXPECT_THAT(answer, HasSubstr("HTTP/1.1 400 ")) << path;
          ++asked;
        }
      }
    }
  }
  EXPECT_GT(asked, 500);
  EXPECT_TRUE(upstreams.empty());
}

TEST_F(IdTest, LeadsNowhereElseByADotOrABackslashEither) {
  start();
  for (const char* path : {"/p/p/v1/responses/.", "/p/p/v1/responses/a%5cb",
                           "/p/p/v1/responses/%5c", "/v1/responses/.", "/v1/responses/a%5cb"}) {
    EXPECT_THAT(say("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"),
                HasSubstr("HTTP/1.1 400 "))
        << path;
  }
  EXPECT_TRUE(upstreams.empty());
}

TEST_F(IdTest, PassesAsItIsWritten) {
  start();
  EXPECT_EQ(say("GET /v1/fine_tuning/checkpoints/ft:gpt-4.1:org::i%20d/permissions HTTP/1.1\r\n"
                "Host: h\r\n\r\n"),
            "");
  EXPECT_THAT(upstreams.back()->receive(),
              StartsWith("GET /v1/fine_tuning/checkpoints/ft:gpt-4.1:org::i%20d/permissions "));
  EXPECT_THAT(upstream_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), HasSubstr("200 OK"));
}

}  // namespace
}  // namespace penstock::gateway
