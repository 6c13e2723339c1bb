#include "core/text.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace penstock {
namespace {

using namespace std::string_literals;

TEST(Text, ComparesWithoutCaseInAsciiOnly) {
  EXPECT_TRUE(equals_ignoring_case("Content-LENGTH", "content-length"));
  EXPECT_FALSE(equals_ignoring_case("content-lengt", "content-length"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("\xC4", "\xE4"));
  EXPECT_TRUE(starts_with_ignoring_case("BEARER x", "Bearer "));
  EXPECT_TRUE(starts_with_ignoring_case("x", ""));
  EXPECT_FALSE(starts_with_ignoring_case("Bear", "Bearer "));
}

TEST(Text, TrimsSpacesAndTabsAtBothEnds) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\r\na"), "\r\na");
}

TEST(Text, ParsesDecimalsStrictly) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("0010"), 10U);
  EXPECT_EQ(parse_decimal("9999999999999999999"), 9999999999999999999U);
  for (const char* other : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "12345678901234567890",
                            "00000000000000000001", "\xB2"}) {
    EXPECT_FALSE(parse_decimal(other)) << other;
  }
}

// RFC 3986 section 2.3.
TEST(Text, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(percent_encode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(percent_encode("a/b:c d+%&=?\n"), "a%2Fb%3Ac%20d%2B%25%26%3D%3F%0A");
  EXPECT_EQ(percent_encode("\xC3\xA9\0"s), "%C3%A9%00");
}

TEST(Text, DecodesPercentSigns) {
  EXPECT_EQ(percent_decode("a%2Fb%3a%25%41"), "a/b:%A");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("%00"), "\0"s);
  EXPECT_EQ(percent_decode(""), "");
  for (const char* broken : {"%", "%4", "%4g", "%g4", "a%", "%%41", "% 1", "%-1"}) {
    EXPECT_FALSE(percent_decode(broken)) << broken;
  }
}

// The borders of Unicode 15, table 3-7.
TEST(Text, KnowsWellFormedUtf8) {
  for (const char* good :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEC\xBF\xBF", "\xED\x80\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF1\x80\x80\x80",
        "\xF3\xBF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << testing::PrintToString(good);
  }
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xC2\xC0", "\xE0\x9F\xBF",
        "\xE0\xA0", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\xE2\x82"}) {
    EXPECT_FALSE(is_valid_utf8(bad)) << testing::PrintToString(bad);
  }
  EXPECT_TRUE(is_valid_utf8("\0"s));
}

TEST(Text, CountsTheValidBytesAtTheFront) {
  EXPECT_EQ(valid_utf8_bytes("a\xC3\xA9"), 3U);
  EXPECT_EQ(valid_utf8_bytes("a\xC3\xA9\xE2\x82"), 3U);
  EXPECT_EQ(valid_utf8_bytes("\xFF"), 0U);
  EXPECT_EQ(valid_utf8_bytes(""), 0U);
}

TEST(Text, UnescapesJson) {
  const auto unescaped = [](std::string_view text) {
    std::string out = ">";
    return append_json_unescaped(out, text) ? out : "broken";
  };
  EXPECT_EQ(unescaped(R"(a\"b\\c\/\b\f\n\r\té)"), ">a\"b\\c/\b\f\n\r\té");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC\ud83d\ude00\uFFFF)"), ">A\u00E9\u20AC\U0001F600\uFFFF");
  EXPECT_EQ(unescaped(R"(\u0000)"), ">\0"s);
  EXPECT_EQ(unescaped(""), ">");
  for (const char* broken :
       {R"(\)", R"(\x)", R"(\u)", R"(\u00)", R"(\u00g0)", R"(\ud800)", R"(\ud800x)", R"(\ud800\n)",
        R"(\ud800\u0041)", R"(\udc00)", R"(\u-001)", R"(a\)"}) {
    EXPECT_EQ(unescaped(broken), "broken") << broken;
  }
}

TEST(Text, EscapesForJson) {
  EXPECT_EQ(json_quoted("a\"b\\c/é"), R"("a\"b\\c/é")");
  EXPECT_EQ(json_quoted("\n\x01\x1F\x7F"s), R"("\u000A\u0001\u001F\u007F")");
  EXPECT_EQ(json_quoted("\0"s), R"("\u0000")");
  EXPECT_EQ(json_quoted("a\xFF\xC3"), "\"a\uFFFD\uFFFD\"");
  EXPECT_EQ(json_quoted(""), "\"\"");
}

TEST(Text, MeasuresEditDistance) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
}

TEST(Text, FindsTheNearestWordOrNone) {
  constexpr std::array<std::string_view, 3> kKnown = {"base_url", "api_key", "allowed_models"};
  EXPECT_EQ(nearest("base_ur", kKnown), "base_url");
  EXPECT_EQ(nearest("alowed_model", kKnown), "allowed_models");
  EXPECT_EQ(nearest("api_kay", kKnown), "api_key");
  EXPECT_EQ(nearest("timeout", kKnown), "");
  EXPECT_EQ(nearest("x", std::array<std::string_view, 0>{}), "");
}

TEST(PlainJsonBytes, StopsAtTheFirstCharacterThatIsEscaped) {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string plain(before, 'x');
    EXPECT_EQ(plain_json_bytes(plain), before);
    for (const char special : {'"', '\\', '\n', '\x1F', '\x7F', '\x80', '\xFF', '\0'}) {
      EXPECT_EQ(plain_json_bytes(plain + special), before);
      EXPECT_EQ(plain_json_bytes(plain + special + "more than sixteen bytes"), before);
    }
  }
}

}  // namespace
}  // namespace penstock
