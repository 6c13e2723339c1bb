// Pages in browsers (server.cors).

#include <gtest/gtest.h>

#include <string>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

class CorsTest : public GatewayTest {
 protected:
  CorsTest() {
    config::Cors& cors = settings.server.cors.emplace();
    cors.allow_origins = {"https://app.test"};
    cors.allow_methods = {"GET", "POST"};
    cors.allow_headers = {"Authorization"};
    settings.server.api_keys = {{.name = "alice", .key = Secret("sk-alice-12345")}};
  }
  static HeaderList headers(std::string_view origin) {
    return {{"Origin", std::string(origin)}, {"Authorization", "Bearer sk-alice-12345"}};
  }
  static std::string preflight(std::string_view origin) {
    return "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: h\r\nOrigin: " + std::string(origin) +
           "\r\nAccess-Control-Request-Method: POST\r\n\r\n";
  }
  static std::string allowed_origin(const WholeAnswer& answer) {
    return answer.head.find("access-control-allow-origin").value_or("(none)");
  }
};

TEST_F(CorsTest, TellsAPageThatItMayReadWhateverTheAnswerIs) {
  const std::string data = chat_body();
  const WholeAnswer whole = connect().ask(post(kChatPath, data, headers("https://app.test")));
  EXPECT_EQ(whole.status(), 200);
  EXPECT_EQ(allowed_origin(whole), "https://app.test");
  EXPECT_EQ(whole.head.find("vary"), "Origin");
  const WholeAnswer stream = connect().ask(
      post(kChatPath, chat_body("passthrough/m1", Answer::kStream), headers("https://app.test")));
  EXPECT_EQ(allowed_origin(stream), "https://app.test");
  const WholeAnswer unknown = connect().ask(get("/v1/nothing", headers("https://app.test")));
  EXPECT_EQ(unknown.status(), 404);
  EXPECT_EQ(allowed_origin(unknown), "https://app.test");
  const WholeAnswer refused = connect().ask(get("/v1/models", {{"Origin", "https://app.test"}}));
  EXPECT_EQ(refused.status(), 401);
  EXPECT_EQ(allowed_origin(refused), "https://app.test");
}

TEST_F(CorsTest, TellsOtherPagesAndProgramsNothing) {
  EXPECT_EQ(allowed_origin(connect().ask(get("/v1/models", headers("https://evil.test")))),
            "(none)");
  EXPECT_EQ(allowed_origin(connect().ask(get("/v1/health"))), "(none)");
}

TEST_F(CorsTest, AnswersAPreflightWithoutAKey) {
  const WholeAnswer allowed = connect().ask(preflight("https://app.test"));
  EXPECT_EQ(allowed.status(), 200);
  EXPECT_EQ(allowed.body, "OK");
  EXPECT_EQ(allowed_origin(allowed), "https://app.test");
  EXPECT_EQ(allowed.head.find("access-control-allow-methods"), "GET, POST");
  const WholeAnswer refused = connect().ask(preflight("https://evil.test"));
  EXPECT_EQ(refused.status(), 400);
  EXPECT_EQ(refused.body, "Disallowed CORS origin");
  EXPECT_EQ(allowed_origin(refused), "(none)");
}

TEST_F(CorsTest, IsOffByDefault) {
  settings.server.cors.reset();
  EXPECT_EQ(connect().ask(preflight("https://app.test")).status(), 401);
  EXPECT_EQ(allowed_origin(connect().ask(get("/v1/models", headers("https://app.test")))),
            "(none)");
}

}  // namespace
}  // namespace penstock::testing
