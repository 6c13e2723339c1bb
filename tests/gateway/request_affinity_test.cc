// Requests that belong together find one target; and requests that are not asked twice.
//
// Numbers in comments are those of the acceptance cases of model routes (docs/routing.md).

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

using AffinityKey = config::AffinityRules::Key;

class RequestAffinityTest : public RoutedGateway {
 protected:
  void with_keys(std::vector<AffinityKey> keys, std::string_view members = "abc") {
    config::ModelRoute& added = route(members);
    added.rules.affinity.keys = std::move(keys);
    added.rules.balance = config::Balance::kRoundRobin;
    start();
  }
  std::string target_of(const std::string& request) {
    return ask(request).field("x-penstock-target");
  }
  static std::string with_cache_key(int number) {
    return post("/v1/chat/completions",
                chat_body("smart", false,
                          R"(,"prompt_cache_key":"key-)" + std::to_string(number) + R"(")"));
  }
};

// 43
TEST_F(RequestAffinityTest, OneCacheKeyGoesToOneTarget) {
  with_keys({AffinityKey::kPromptCacheKey});
  std::set<std::string> targets;
  for (int i = 0; i < 1'000; ++i) targets.insert(target_of(with_cache_key(1)));
  EXPECT_EQ(targets.size(), 1u);
  std::vector<std::string> before;
  for (int i = 0; i < 300; ++i) before.push_back(target_of(with_cache_key(i)));
  EXPECT_EQ(std::set<std::string>(before.begin(), before.end()).size(), 3u);
  // A target that leaves takes only its keys with it.
  b().always = Act::error(429, "", "Retry-After: 600\r\n");
  (void)ask(chat());
  (void)ask(chat());
  (void)ask(chat());
  for (int i = 0; i < 300; ++i) {
    const std::string& old = before[static_cast<std::size_t>(i)];
    const std::string now = target_of(with_cache_key(i));
    if (old == "b/m") {
      EXPECT_NE(now, "b/m");
    } else {
      EXPECT_EQ(now, old);
    }
  }
}

// 44
TEST_F(RequestAffinityTest, OneBeginningGoesToOneTarget) {
  with_keys({AffinityKey::kSession, AffinityKey::kPrefix});
  std::set<std::string> all;
  for (int i = 0; i < 30; ++i) {
    const std::string begin = R"({"model":"smart","messages":[{"role":"user","content":"topic )" +
                              std::to_string(i) + R"("})";
    std::set<std::string> targets;
    for (const std::string_view rest :
         {"", R"(,{"role":"assistant","content":"a"})", R"(,{"role":"user","content":"b"})"}) {
      targets.insert(target_of(post("/v1/chat/completions", begin + std::string(rest) + "]}")));
    }
    EXPECT_EQ(targets.size(), 1u);
    all.merge(targets);
  }
  EXPECT_EQ(all.size(), 3u);
}

TEST_F(RequestAffinityTest, OneSessionGoesToOneTargetWhateverTheBodySays) {
  with_keys({AffinityKey::kSession, AffinityKey::kPrefix});
  for (int session = 0; session < 10; ++session) {
    std::set<std::string> targets;
    for (int i = 0; i < 10; ++i) {
      const std::string body = R"({"model":"smart","messages":[{"role":"user","content":")" +
                               std::to_string(i) + R"("}]})";
      targets.insert(target_of(post("/v1/chat/completions", body,
                                    "x-session-id: s" + std::to_string(session) + "\r\n")));
    }
    EXPECT_EQ(targets.size(), 1u);
  }
}

// 45
TEST_F(RequestAffinityTest, AHotKeyDoesNotTakeMoreThanItsShareWhileOthersAreFree) {
  with_keys({AffinityKey::kPromptCacheKey});
  for (const char* name : {"a", "b", "c"}) upstreams[name].always = Act::silence();
  for (int i = 0; i < 90; ++i) {
    begin(with_cache_key(1));
    const std::size_t most = std::max({a().open, b().open, c().open});
    EXPECT_LE(static_cast<double>(most), 1.25 * static_cast<double>(i + 1) / 3 + 2);
  }
  EXPECT_GT(std::min({a().open, b().open, c().open}), 10u);
}

TEST_F(RequestAffinityTest, ClientsWithoutAKeyAreNotOneClient) {
  with_keys({AffinityKey::kApiKey});
  std::set<std::string> targets;
  for (int i = 0; i < 6; ++i) targets.insert(target_of(chat()));
  EXPECT_EQ(targets.size(), 3u);
}

// 50
class HedgedToolsTest : public RequestAffinityTest {
 protected:
  void hedged(bool with_tools) {
    config::ModelRoute& added = route();
    added.rules.hedge = {
        .delay = milliseconds(500), .is_on = true, .max_percent = 100, .with_tools = with_tools};
    start();
    a().always = Act::silence();
  }
  static std::string with_tools() {
    return post("/v1/chat/completions",
                chat_body("smart", false, R"(,"tools":[{"type":"function"}])"));
  }
};

TEST_F(HedgedToolsTest, AreNotCalledTwice) {
  hedged(false);
  begin(with_tools());
  pass(seconds(2));
  EXPECT_EQ(b().served(), 0u);
  begin(chat());
  pass(seconds(2));
  EXPECT_EQ(b().served(), 1u);
}

TEST_F(HedgedToolsTest, AreCalledTwiceIfTheRouteAllowsIt) {
  hedged(true);
  begin(with_tools());
  pass(seconds(2));
  EXPECT_EQ(b().served(), 1u);
}

TEST_F(HedgedToolsTest, WhatGoesOnFromAStoredResponseIsAskedOnce) {
  hedged(false);
  begin(post("/v1/responses", R"({"model":"smart","previous_response_id":"r","input":"x"})"));
  pass(seconds(2));
  EXPECT_EQ(b().served(), 0u);
}

}  // namespace
}  // namespace penstock::gateway
