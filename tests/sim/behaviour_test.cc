#include "sim/behaviour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

std::string refusal_of(std::string_view object) {
  Behaviour behaviour;
  const Status applied = apply_overrides(object, behaviour);
  if (applied) return {};
  EXPECT_EQ(applied.error().kind, ErrorKind::kInvalidRequest);
  return applied.error().message;
}

TEST(Behaviour, TakesWhatAnObjectNamesAndKeepsTheRest) {
  Behaviour behaviour;
  behaviour.tokens = 7;
  const Status applied = apply_overrides(
      R"({"first_token_ms":1.5,"status":429,"headers":{"retry-after":"2"},"cut":"reset",
          "framing":"bad_chunk","line_end":"crlf","done":false})",
      behaviour);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(behaviour.first_token, std::chrono::microseconds(1500));
  EXPECT_EQ(behaviour.status, 429);
  ASSERT_EQ(behaviour.headers.size(), 1U);
  EXPECT_EQ(behaviour.headers[0].name, "retry-after");
  EXPECT_EQ(behaviour.headers[0].value, "2");
  EXPECT_EQ(behaviour.cut, CutKind::kReset);
  EXPECT_EQ(behaviour.framing, BodyFraming::kBadChunk);
  EXPECT_EQ(behaviour.line_end, "\r\n");
  EXPECT_FALSE(behaviour.done);
  EXPECT_EQ(behaviour.tokens, 7U);
}

TEST(Behaviour, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_EQ(refusal_of(R"({"tokns":3})"), "Unknown key in 'sim': 'tokns'. Did you mean 'tokens'?");
}

TEST(Behaviour, RefusesValuesThatDoNotSuit) {
  for (const char* object :
       {R"({"tokens":-1})", R"({"tokens":"3"})", R"({"tokens":1.5})", R"({"status":199})",
        R"({"status":204})", R"({"status":600})", R"({"error_status":200})",
        R"({"error_event":"done"})", R"({"first_token_ms":-1})", R"({"cut":"slowly"})",
        R"({"headers":{"a b":"c"}})", R"({"headers":{"a":"b\r\nc: d"}})", R"({"done":1})",
        R"({"line_end":"\n"})", R"({"tokens_per_second":-1})", R"({"events":[{"type":"a"}]})",
        R"({"events":{}})", R"({"scenario":[{"calls":[{}]}]})"}) {
    EXPECT_THAT(refusal_of(object), testing::StartsWith("The value of '")) << object;
  }
}

TEST(Behaviour, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "3", "{", "null"}) {
    EXPECT_EQ(refusal_of(text), "'sim' must be a JSON object.") << text;
  }
}

}  // namespace
}  // namespace penstock::sim
