#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::kNoon;

class SqliteObjects : public testing::StoreTest {
 protected:
  void add(const std::string& id, std::chrono::seconds age, const std::string& metadata = "") {
    Object object{.id = id,
                  .kind = "chat.completion",
                  .owner = "key",
                  .provider = "",
                  .model = "gpt",
                  .created_at = kNoon - age,
                  .expires_at = std::nullopt,
                  .metadata = metadata,
                  .content = "{}"};
    ASSERT_TRUE(store().put(object));
  }

  std::vector<std::string> ids(const ObjectFilter& filter) {
    const Result<std::vector<Object>> found = store().objects(filter);
    std::vector<std::string> ids;
    if (!found) return {found.error().message};
    for (const Object& each : *found) ids.push_back(each.id);
    return ids;
  }
};

using Ids = std::vector<std::string>;
using std::chrono::seconds;

TEST_F(SqliteObjects, AreGivenBackAsTheyWerePut) {
  Object object{.id = "file-1",
                .kind = "file",
                .owner = "key",
                .provider = "openai",
                .model = "gpt",
                .created_at = kNoon,
                .expires_at = kNoon + seconds(60),
                .metadata = R"({"a":"b"})",
                .content = std::string("\0\xff", 2)};
  ASSERT_TRUE(store().put(object));
  EXPECT_EQ(store().object("file", "file-1")->value(), object);
  EXPECT_FALSE(store().object("batch", "file-1")->has_value());
  object.content = "new";
  ASSERT_TRUE(store().put(object));
  EXPECT_EQ(store().object("file", "file-1")->value().content, "new");
}

TEST_F(SqliteObjects, AreListedInPages) {
  add("a", seconds(3));
  add("b", seconds(2));
  add("c", seconds(2));
  add("d", seconds(1));
  EXPECT_EQ(ids({.kind = "chat.completion", .limit = 2}), (Ids{"a", "b"}));
  EXPECT_EQ(ids({.kind = "chat.completion", .after = "b", .limit = 2}), (Ids{"c", "d"}));
  EXPECT_EQ(ids({.kind = "chat.completion", .after = "c", .newest_first = true}), (Ids{"b", "a"}));
  EXPECT_EQ(ids({.kind = "file"}), Ids{});
}

TEST_F(SqliteObjects, AreFoundByOwnerModelAndMetadata) {
  add("a", seconds(3), R"({"user":"alice","n":"1"})");
  add("b", seconds(2), R"({"user":"alice","n":"2"})");
  add("c", seconds(1), "not JSON");
  EXPECT_EQ(ids({.kind = "chat.completion", .metadata = {{"user", "alice"}}}), (Ids{"a", "b"}));
  EXPECT_EQ(ids({.kind = "chat.completion", .metadata = {{"user", "alice"}, {"n", "2"}}}),
            Ids{"b"});
  EXPECT_EQ(ids({.kind = "chat.completion", .metadata = {{"' OR 1=1 --", "x"}}}), Ids{});
  EXPECT_EQ(ids({.kind = "chat.completion", .owner = "another"}), Ids{});
  EXPECT_EQ(ids({.kind = "chat.completion", .owner = "key", .model = "gpt"}), (Ids{"a", "b", "c"}));
  EXPECT_EQ(ids({.kind = "chat.completion", .model = "claude"}), Ids{});
}

TEST_F(SqliteObjects, AreRemovedByNameAndWhenTheyExpire) {
  add("a", seconds(3));
  Object old;
  old.id = "b";
  old.kind = "chat.completion";
  old.expires_at = kNoon;
  ASSERT_TRUE(store().put(old));
  ASSERT_TRUE(store().expire(kNoon, kNoon + seconds(1)));
  EXPECT_EQ(ids({.kind = "chat.completion"}), Ids{"a"});
  EXPECT_TRUE(*store().remove_object("chat.completion", "a"));
  EXPECT_FALSE(*store().remove_object("chat.completion", "a"));
}

}  // namespace
}  // namespace penstock::store
