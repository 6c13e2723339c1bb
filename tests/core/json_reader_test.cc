#include "core/json_reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {
namespace {

using namespace std::literals;

std::string fault_of(std::string_view text, const JsonBounds& bounds = {}) {
  const auto document = JsonDocument::read(text, bounds);
  return document ? "none" : document.error().message();
}

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(text);
  return out;
}

TEST(JsonReader, KeepsTheSpellingOfEveryValue) {
  const auto document = JsonDocument::read(
      " {\"a\" : 1.10, \"b\":[ 12345678901234567890123 , -0e+5], \"c\\u0064\" : {\"x\":null} } ");
  ASSERT_TRUE(document);
  const JsonValue root = document->root();
  EXPECT_EQ(root.find("a")->raw(), "1.10");
  EXPECT_EQ(root.find("b")->raw(), "[ 12345678901234567890123 , -0e+5]");
  EXPECT_EQ(root.find("cd")->raw(), "{\"x\":null}");
  EXPECT_FALSE(root.find("x"));
  EXPECT_FALSE(root.find("a")->find("a"));
}

TEST(JsonReader, GoesThroughMembersAndItemsInTheirOrder) {
  const auto document =
      JsonDocument::read(R"({"b":[1,[2,{"z":3}],"four"],"a":true,"c":{},"d":[]})");
  ASSERT_TRUE(document);
  std::vector<std::string> seen;
  for (const JsonMember member : document->root().members()) seen.push_back(member.key->text());
  EXPECT_EQ(seen, (std::vector<std::string>{"b", "a", "c", "d"}));
  seen.clear();
  for (const JsonMember item : document->root().find("b")->members()) {
    EXPECT_FALSE(item.key);
    seen.emplace_back(item.value.raw());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"1", R"([2,{"z":3}])", "\"four\""}));
  EXPECT_EQ(document->root().find("a")->kind(), JsonValue::Kind::kTrue);
}

TEST(JsonReader, SaysWhatAStringStandsFor) {
  const auto document = JsonDocument::read(R"("a\"\\\/\b\u00e9\ud83d\ude00")");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().text(), "a\"\\/\b\u00e9\U0001F600");
}

TEST(JsonReader, TellsWhereATextIsMalformed) {
  const struct {
    std::string_view text;
    std::size_t position;
  } rows[] = {
      {"", 0},
      {" ", 1},
      {"{", 1},
      {"[1,]", 3},
      {"[1 2]", 3},
      {"{\"a\"}", 4},
      {"{\"a\":}", 5},
      {"{\"a\":1,}", 7},
      {"{a:1}", 1},
      {"[1}", 2},
      {"{\"a\":1]", 6},
      {"01", 0},
      {"1.", 0},
      {"1e", 0},
      {"-", 0},
      {"+1", 0},
      {".5", 0},
      {"NaN", 0},
      {"tru", 0},
      {"nul", 0},
      {"\"a", 2},
      {"\"\n\"", 1},
      {"\"\\x\"", 0},
      {"\"\\u12\"", 0},
      {"\"\\ud800\"", 0},
      {"1 2", 2},
      {"[1]]", 3},
      {"\"\xFF\"", 1},
      {"[\"\xC3\"]", 2},
      {"\"a\0\""sv, 2},
      {"/* */1", 0},
      {"\xEF\xBB\xBF{}", 0},
      {"'a'", 0},
      {"\"\\", 2},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(fault_of(row.text), "malformed JSON at byte " + std::to_string(row.position))
        << row.text;
  }
}

TEST(JsonReader, RefusesAKeyThatIsNamedTwiceHoweverItIsSpelled) {
  EXPECT_EQ(fault_of(R"({"a":1,"b":2,"a":3})"), "duplicate key in a JSON object at byte 13");
  EXPECT_EQ(fault_of(R"([{"a":1,"\u0061":2}])"), "duplicate key in a JSON object at byte 8");
  EXPECT_EQ(fault_of(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"), "none");
}

TEST(JsonReader, ReadsUpToItsBoundsAndNotOnePast) {
  EXPECT_EQ(fault_of("[[[]]]", {.depth = 3}), "none");
  EXPECT_EQ(fault_of("[[[[]]]]", {.depth = 3}), "JSON nested too deeply at byte 3");
  EXPECT_EQ(fault_of(R"({"a":[1,2]})", {.values = 5}), "none");
  EXPECT_EQ(fault_of(R"({"a":[1,2]})", {.values = 4}), "too many JSON values at byte 8");
}

// reported-failures 1.1
TEST(JsonReader, DoesNotRecurseOverWhatAPeerNests) {
  constexpr std::size_t kDepth = 200'000;
  const std::string text = times(kDepth, "[") + times(kDepth, "]");
  EXPECT_EQ(fault_of(text), "JSON nested too deeply at byte 64");
  const auto document = JsonDocument::read(text, {.depth = kDepth, .values = kDepth});
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().raw().size(), text.size());
}

TEST(JsonReader, AgreesWithAnotherReaderAboutWhatIsJson) {
  for (const std::string_view text :
       {"{}", "[]", "null", "\"\"", "0", "-0", "[1,2,{\"a\":[]}]", "\"\\ud834\\udd1e\"",
        "\"\\udd1e\"", "[1,,2]", "{\"a\" 1}", "\t[\r\n]", "\v1", "1\f", "\"\x7F\"",
        "\"\xED\xA0\x80\"", "-01", "1.0e-", "[\"\\u00\"]"}) {
    EXPECT_EQ(fault_of(text) == "none", nlohmann::json::accept(text)) << text;
  }
}

}  // namespace
}  // namespace penstock
