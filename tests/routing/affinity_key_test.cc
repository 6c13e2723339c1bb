#include "routing/affinity_key.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "core/stable_hash.h"

namespace penstock::routing {
namespace {

using Key = config::AffinityRules::Key;

using Head = std::vector<std::pair<std::string_view, std::string_view>>;

std::string_view session_of(const Head& head) {
  SessionField field;
  for (const auto& [name, value] : head) field.look_at(name, value);
  return field.session();
}

TEST(SessionField, IsTheFirstOfItsKindsThatNamesOneInWhateverOrderTheyCome) {
  EXPECT_EQ(session_of({}), "");
  EXPECT_EQ(session_of({{"x-session", "x"}, {"conversation_id", "c"}}), "c");
  EXPECT_EQ(session_of({{"conversation_id", "c"}, {"Session_ID", " s "}}), "s");
  EXPECT_EQ(session_of({{"session_id", "s"}, {"conversation_id", "c"}}), "s");
  EXPECT_EQ(session_of({{"x-session-affinity", " "}, {"session_id", "s"}}), "s");
  EXPECT_EQ(session_of({{"session_id", "first"}, {"session_id", "second"}}), "first");
}

TEST(AffinityKey, IsOfTheFirstThatTheRequestHas) {
  const wire::RequestSession body = {.prompt_cache_key = 2, .user = 3, .prefix = 4};
  const std::vector<Key> all = {Key::kSession, Key::kPromptCacheKey, Key::kUser, Key::kPrefix,
                                Key::kApiKey};
  EXPECT_EQ(affinity_key(all, {.session = "s", .body = &body, .api_key = "k"}), stable_hash("s"));
  EXPECT_EQ(affinity_key(all, {.session = "", .body = &body, .api_key = "k"}), 2U);
  EXPECT_EQ(affinity_key(std::vector{Key::kPrefix, Key::kUser},
                         {.session = "s", .body = &body, .api_key = "k"}),
            4U);
  EXPECT_EQ(affinity_key(std::vector{Key::kUser, Key::kPrefix},
                         {.session = "s", .body = &body, .api_key = "k"}),
            3U);
  EXPECT_EQ(affinity_key(all, {.session = "", .body = nullptr, .api_key = "k"}), stable_hash("k"));
  EXPECT_EQ(affinity_key(all, {.session = "", .body = nullptr, .api_key = ""}), std::nullopt);
  EXPECT_EQ(affinity_key({}, {.session = "s", .body = &body, .api_key = "k"}), std::nullopt);
}

}  // namespace
}  // namespace penstock::routing
