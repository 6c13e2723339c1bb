#include "telemetry/json_line.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/text.h"

namespace penstock::telemetry {
namespace {

// The line {"v":"…"} of a value.
std::string line_of(std::string_view value) {
  std::vector<char> memory(JsonLine::kTextBytesMax + 16);
  JsonLine line(memory.data());
  line.text("v", value);
  const char* end = line.finish();
  EXPECT_LE(static_cast<std::size_t>(end - memory.data()), memory.size());
  return std::string(memory.data(), static_cast<std::size_t>(end - memory.data()));
}

std::string value_in(const std::string& line) {
  return nlohmann::json::parse(line).at("v").get<std::string>();
}

TEST(JsonLine, KeepsPlainTextAndUtf8) {
  EXPECT_EQ(line_of("gpt-4o mini"), "{\"v\":\"gpt-4o mini\"}\n");
  EXPECT_EQ(line_of("名前 é 🙂"), "{\"v\":\"名前 é 🙂\"}\n");
}

TEST(JsonLine, EscapesWhatWouldActInsteadOfBeingSeen) {
  const std::string csi = "\xC2\x9B";             // U+009B, the one-character CSI
  const std::string separators = "\u2028\u2029";  // ends of lines for JavaScript
  const std::string override = "\u202E\u2066";    // changes the order of what is read
  const std::string value =
      "a\"b\\c\n\r\t\x1b[31m\x7f" + csi + separators + override + std::string(1, '\0') + "z";
  const std::string line = line_of(value);
  EXPECT_EQ(line,
            "{\"v\":\"a\\\"b\\\\c\\u000a\\u000d\\u0009\\u001b[31m\\u007f\\u009b\\u2028\\u2029"
            "\\u202e\\u2066\\u0000z\"}\n");
  EXPECT_EQ(value_in(line), value);
}

TEST(JsonLine, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(value_in(line_of("a\xff\xfe"
                             "b")),
            "a\uFFFD\uFFFDb");
  EXPECT_EQ(value_in(line_of("\xC0\x80")), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(value_in(line_of("\xED\xA0\x80")), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(value_in(line_of("x\xE2\x82")), "x\uFFFD\uFFFD");          // cut at the end
}

TEST(JsonLine, CutsLongValuesAtTheBorderOfACharacter) {
  const std::size_t max = JsonLine::kValueBytesMax;
  EXPECT_EQ(value_in(line_of(std::string(max, 'x'))), std::string(max, 'x'));
  EXPECT_EQ(value_in(line_of(std::string(max + 1, 'x'))), std::string(max - 3, 'x') + "…");
  EXPECT_EQ(value_in(line_of(std::string(1024 * 1024, 'x'))), std::string(max - 3, 'x') + "…");
  for (std::size_t offset = 0; offset < 4; ++offset) {
    std::string value(offset, 'x');
    while (value.size() < 2 * max) value += "🙂";
    const std::string shown = value_in(line_of(value));
    EXPECT_TRUE(is_valid_utf8(shown));
    EXPECT_LE(shown.size(), max);
    EXPECT_TRUE(value.starts_with(shown.substr(0, shown.size() - 3)));
  }
}

TEST(JsonLine, StaysWithinItsBoundsForTheWorstValues) {
  for (const std::string& worst : {std::string("\x01"), std::string("\xff"), std::string("\""),
                                   std::string("\xC2\x80"), std::string("\u2028")}) {
    std::string value;
    while (value.size() < JsonLine::kValueBytesMax) value += worst;
    EXPECT_TRUE(nlohmann::json::accept(line_of(value)));
    EXPECT_TRUE(nlohmann::json::accept(line_of(value + value)));
  }
}

TEST(JsonLine, IsOneValidObjectForEveryPairOfBytes) {
  for (unsigned pair = 0; pair < 65536; ++pair) {
    const char bytes[] = {static_cast<char>(pair >> 8), static_cast<char>(pair & 0xFF)};
    const std::string line = line_of({bytes, 2});
    ASSERT_EQ(line.find_first_of("\n\r"), line.size() - 1) << pair;
    ASSERT_TRUE(nlohmann::json::accept(line)) << pair;
  }
}

TEST(JsonLine, WritesNumbersAndDurations) {
  char memory[512];
  JsonLine line(memory);
  line.number("zero", 0);
  line.number("most", UINT64_MAX);
  line.milliseconds("short", std::chrono::microseconds(7));
  line.milliseconds("long", std::chrono::microseconds(600'012'345));
  line.milliseconds("negative", std::chrono::microseconds(-1));
  line.boolean("yes", true);
  line.boolean("no", false);
  EXPECT_EQ(std::string(memory, static_cast<std::size_t>(line.finish() - memory)),
            R"({"zero":0,"most":18446744073709551615,"short":0.007,"long":600012.345,)"
            R"("negative":0.000,"yes":true,"no":false})"
            "\n");
}

}  // namespace
}  // namespace penstock::telemetry
