#include "routing/affinity_key.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/stable_hash.h"

namespace penstock::routing {
namespace {

using Key = config::AffinityRules::Key;

TEST(SessionOf, IsTheFirstFieldThatNamesOne) {
  std::map<std::string_view, std::string_view> fields;
  const FieldOf field = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = fields.find(name);
    return found == fields.end() ? std::nullopt : std::optional(found->second);
  };
  EXPECT_EQ(session_of(field), "");
  fields["conversation_id"] = "c";
  EXPECT_EQ(session_of(field), "c");
  fields["session_id"] = " s ";
  EXPECT_EQ(session_of(field), "s");
  fields["x-session-affinity"] = " ";
  EXPECT_EQ(session_of(field), "s");
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
