// Bodies that name several models: batches of messages.

#include "gateway/pass.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace penstock::gateway
