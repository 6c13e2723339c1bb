// How an upstream's redirects are handled (reported-failures 4.1).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Redirects : public GatewayTest {
 protected:
  static Script redirect(int status, std::string_view location) {
    return Script().send(json_answer(status, "{}", {{"Location", std::string(location)}}));
  }
};

TEST_F(Redirects, AreFollowedWithinTheSameOriginWithTheWholeRequest) {
  settings.providers.front().api_key = Secret("sk-operator-1234567890");
  for (const int status : {307, 308}) {
    const std::size_t before = upstream.requests().size();
    upstream.answer_next(redirect(status, "/v1/chat/completions/"));
    EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
    const std::vector<SeenRequest> seen = upstream.requests();
    ASSERT_EQ(seen.size(), before + 2);
    EXPECT_EQ(seen[before + 1].method, "POST");
    EXPECT_EQ(seen[before + 1].target, "/v1/chat/completions/");
    EXPECT_EQ(seen[before + 1].body, seen[before].body);
    EXPECT_EQ(seen[before + 1].head.fields, seen[before].head.fields);
  }
}

TEST_F(Redirects, AreFollowedAsAnAbsoluteUrlAndForStreams) {
  upstream.answer_next(redirect(307, upstream.url() + "/elsewhere?x=1"));
  upstream.answer_next(Script().send(stream_head() + chunk(chat_events())).send(kLastChunk));
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(upstream.wait_for_request(1).target, "/elsewhere?x=1");
}

TEST_F(Redirects, AreFollowedTwiceAndNotAThirdTime) {
  upstream.answer_next(redirect(307, "/a"));
  upstream.answer_next(redirect(308, "/b"));
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(upstream.requests().size(), 3U);
  for (const char* path : {"/a", "/b", "/c"}) upstream.answer_next(redirect(307, path));
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_redirect");
  EXPECT_EQ(upstream.requests().size(), 6U);
}

TEST_F(Redirects, ElsewhereAreA502ThatDoesNotSayWhereTo) {
  ScriptedUpstream other;
  const std::string locations[] = {
      other.url() + "/v1/secret-place", "https://127.0.0.1/secret-place",
      "//elsewhere.test/secret-place",  "http://10.0.0.1/secret-place",
      "/secret-place/%2e%2e/x",         "",
  };
  for (const std::string& location : locations) {
    for (const Answer kind : {Answer::kWhole, Answer::kStream}) {
      upstream.answer_next(redirect(307, location));
      const WholeAnswer answer = connect().ask(chat(kind));
      expect_error(answer, 502, "upstream_redirect");
      EXPECT_THAT(answer.head.text + answer.body, Not(HasSubstr("secret-place")));
      EXPECT_THAT(answer.head.text, Not(HasSubstr("ocation")));
      EXPECT_THAT(answer.body, HasSubstr("base_url"));
    }
  }
  EXPECT_EQ(other.connections(), 0U);
}

TEST_F(Redirects, OfOtherKindsAreA502) {
  for (const int status : {300, 301, 302, 303, 304, 305}) {
    upstream.answer_next(redirect(status, "/v1/chat/completions/"));
    const WholeAnswer answer = connect().ask(chat(Answer::kWhole));
    expect_error(answer, 502, "upstream_redirect");
    EXPECT_THAT(answer.head.text, Not(HasSubstr("ocation")));
  }
  EXPECT_EQ(upstream.requests().size(), 6U);
  EXPECT_EQ(service().metric("penstock_upstream_errors_total{provider=\"passthrough\",kind=\""
                             "upstream_redirect\"}"),
            6);
}

TEST_F(Redirects, OfTheModelListAreFollowedByTheSameRule) {
  int asked = 0;
  upstream.answer_models(redirect(307, "/v1/all/models"));
  // The new target ends in /models too, and so gets the same answer: twice, and no more.
  EXPECT_TRUE(eventually([&] {
    asked = static_cast<int>(upstream.models_requests().size());
    return service().port() != 0 && asked >= 3;
  }));
  EXPECT_EQ(upstream.models_requests()[1].target, "/v1/all/models");
}

TEST_F(Redirects, OfTheModelListLeadToTheList) {
  upstream.answer_models(redirect(308, "/v1/list/"));
  upstream.answer_next(Script().send(json_answer(200, R"({"data":[{"id":"m7"}]})")));
  const WholeAnswer list = connect().ask(get("/v1/models"));
  EXPECT_THAT(list.body, HasSubstr("passthrough/m7"));
  EXPECT_EQ(upstream.requests().front().target, "/v1/list/");
}

}  // namespace
}  // namespace penstock::testing
