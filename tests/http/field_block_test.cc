#include "http/field_block.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(const FieldBlock& fields) {
  Pairs pairs;
  fields.for_each(
      [&](std::string_view name, std::string_view value) { pairs.emplace_back(name, value); });
  return pairs;
}

TEST(FieldBlock, KeepsFieldsAsTheLinesThatHttp1Sends) {
  FieldBlock prepared;
  prepared.add("Accept", "*/*");
  prepared.add("X-Team", "");
  FieldBlock fields;
  fields.add("x-request-id", "a");
  fields.add(prepared);
  fields.add(Field{.name = "X-Received", .value = "b"});
  EXPECT_EQ(fields.lines(), "x-request-id: a\r\nAccept: */*\r\nX-Team: \r\nX-Received: b\r\n");
}

TEST(FieldBlock, GivesEachFieldBackWhateverItsValueLooksLike) {
  const Pairs pairs = {{"a", "b: c"}, {"a", ""}, {"Link", "<http://h:1/>; x"}, {"d", ":"}};
  FieldBlock fields;
  for (const auto& [name, value] : pairs) fields.add(name, value);
  EXPECT_EQ(pairs_of(fields), pairs);
  EXPECT_EQ(pairs_of(FieldBlock()), Pairs());
}

TEST(FieldBlock, LeavesOutWhatFramesAMessageOrBelongsToAConnection) {
  FieldBlock fields;
  for (const std::string_view name :
       {"Connection", "content-length", "Expect", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        "TRANSFER-ENCODING", "Upgrade"}) {
    fields.add(name, "x");
    fields.add(Field{.name = name, .value = "x", .known_name = field_name_of(name)});
  }
  EXPECT_EQ(fields.lines(), "");
}

TEST(FieldBlock, KnowsWhichFieldsItHas) {
  FieldBlock prepared;
  prepared.add("DATE", "today");
  FieldBlock fields;
  EXPECT_FALSE(fields.has(FieldName::kDate));
  fields.add(prepared);
  fields.add(Field{.name = "accept", .value = "a", .known_name = FieldName::kAccept});
  EXPECT_TRUE(fields.has(FieldName::kDate));
  EXPECT_TRUE(fields.has(FieldName::kAccept));
  fields.clear();
  EXPECT_FALSE(fields.has(FieldName::kDate));
  EXPECT_EQ(fields.lines(), "");
}

TEST(FieldBlock, GivesItsMemoryBackOnceHoweverItMoves) {
  const std::string value(1'000, 'v');
  ScratchPool pool;
  const char* memory = nullptr;
  {
    FieldBlock first(pool);
    first.add("a", value);
    memory = first.lines().data();
    FieldBlock second(std::move(first));
    FieldBlock third;
    third = std::move(second);
    EXPECT_EQ(third.lines().data(), memory);
    third.release();
    EXPECT_EQ(third.lines(), "");
  }
  ScratchPool::Text one(pool);
  ScratchPool::Text other(pool);
  EXPECT_EQ(one->data(), memory);
  EXPECT_NE(other->data(), memory);
}

TEST(FieldBlockDeathTest, TakesNothingThatCouldEndALineEarly) {
  FieldBlock fields;
  EXPECT_DEATH(fields.add("X", "a\r\nY: b"), "field value");
  EXPECT_DEATH(fields.add("X: a\r\nY", "b"), "field name");
}

}  // namespace
}  // namespace penstock::http
