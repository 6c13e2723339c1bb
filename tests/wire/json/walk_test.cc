#include "wire/json/walk.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace penstock::wire {
namespace {

// All instruction sets that this processor supports.
std::vector<JsonInstructions> all_instructions() {
  std::vector<JsonInstructions> all;
  for (auto instructions :
       {JsonInstructions::kPortable, JsonInstructions::kSse2, JsonInstructions::kAvx2}) {
    if (has(instructions)) all.push_back(instructions);
  }
  return all;
}

// The result of a walk over the value at the front of a text.
struct Walked {
  JsonFault fault = JsonFault::kNone;
  std::size_t position = 0;
  bool utf8 = true;

  bool operator==(const Walked&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Walked& walked) {
  return out << "fault " << static_cast<int>(walked.fault) << " at " << walked.position
             << (walked.utf8 ? "" : ", not UTF-8");
}

// From memory that ends with the text, so that the sanitizers detect a step too far.
Walked walk_over(std::string_view text, JsonInstructions instructions) {
  const std::vector<char> exact(text.begin(), text.end());
  JsonWalk walk({exact.data(), exact.size()}, instructions);
  walk.take_value();
  return {.fault = walk.fault(),
          .position = walk.position(),
          .utf8 = walk.fault() != JsonFault::kNone || walk.is_utf8()};
}

// The same, byte by byte.
Walked walk_slowly(std::string_view text) {
  std::size_t depth = 0;
  std::size_t opened = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (in_string && byte < 0x20) return {JsonFault::kControlCharacter, i};
    if (!in_string && byte >= 0x80) return {JsonFault::kForeignByte, i};
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("\\\"") || rest.starts_with("\\\\")) {
      ++i;
      continue;
    }
    if (text[i] == '"') {
      in_string = !in_string;
      if (in_string) opened = i;
    }
    if (!in_string && (text[i] == '{' || text[i] == '[')) ++depth;
    if (!in_string && (text[i] == '}' || text[i] == ']')) --depth;
    if (!in_string && depth == 0) return {JsonFault::kNone, i + 1};
  }
  if (in_string) return {JsonFault::kOpenString, opened};
  return {JsonFault::kOpenNested, 0};
}

TEST(JsonWalk, PassesAStringWhereverItsEndAndItsEscapesFall) {
  for (auto instructions : all_instructions()) {
    for (std::size_t size = 0; size < 200; ++size) {
      for (std::string_view tail : {"", "\\\"", "\\\\", "\\\\\\\"", "é", "\\n\\n"}) {
        const std::string inside = std::string(size, 'x') + std::string(tail);
        for (std::string_view after : {"", "\"", ",\"more\":\"\\\"\"}"}) {
          const std::string text = "\"" + inside + "\"" + std::string(after);
          JsonWalk walk(text, instructions);
          const auto string = walk.take_string();
          ASSERT_TRUE(string) << text;
          EXPECT_EQ(string->text, inside);
          EXPECT_EQ(string->escaped, tail.starts_with('\\')) << text;
          EXPECT_EQ(walk.position(), inside.size() + 2);
        }
      }
    }
  }
}

TEST(JsonWalk, SaysWhereAStringIsBroken) {
  for (auto instructions : all_instructions()) {
    for (std::size_t size = 0; size < 200; ++size) {
      const std::string inside(size, 'x');
      for (std::string_view broken : {"\n", "\\\n", "\x1F", "\t\""}) {
        const std::string text = "\"" + inside + std::string(broken) + "\"";
        const std::size_t at = size + 1 + (broken.starts_with('\\') ? 1 : 0);
        EXPECT_EQ(walk_over(text, instructions), (Walked{JsonFault::kControlCharacter, at}))
            << text;
        EXPECT_EQ(walk_over("[" + text + "]", instructions),
                  (Walked{JsonFault::kControlCharacter, at + 1}));
      }
      for (std::string_view open : {"", "\\", "\\\"", "\\\\\\\""}) {
        const std::string text = "\"" + inside + std::string(open);
        EXPECT_EQ(walk_over(text, instructions), (Walked{JsonFault::kOpenString, 0})) << text;
        EXPECT_EQ(walk_over("[\"\\\"\"," + text, instructions),
                  (Walked{JsonFault::kOpenString, 6}));
      }
    }
  }
}

TEST(JsonWalk, PassesNestedValuesAsAWalkByteByByteDoes) {
  std::mt19937 random(7);
  const std::vector<std::string> parts = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          "{",
                                          "[",
                                          "\"",
                                          "\"a\"",
                                          "\"\\\"\"",
                                          "\\",
                                          "\\\\",
                                          ",",
                                          ":",
                                          " ",
                                          "1e5",
                                          "\"[{\"",
                                          "\"é\"",
                                          "\xC3",
                                          "\n",
                                          std::string(60, 'x'),
                                          "\"" + std::string(90, ' ') + "\""};
  for (int round = 0; round < 20'000; ++round) {
    std::string text = round % 2 == 0 ? "{" : "[";
    const std::size_t count = random() % 40;
    for (std::size_t i = 0; i < count; ++i) text += parts[random() % parts.size()];
    if (round % 3 == 0) text += std::string(10, ']');
    const Walked slowly = walk_slowly(text);
    for (auto instructions : all_instructions()) {
      Walked walked = walk_over(text, instructions);
      if (walked.fault == JsonFault::kNone) walked.utf8 = true;
      ASSERT_EQ(walked, slowly) << text;
    }
  }
}

TEST(JsonWalk, PassesDeepNestingAndLongArrays) {
  for (auto instructions : all_instructions()) {
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    EXPECT_EQ(walk_over(deep + "]", instructions), (Walked{JsonFault::kNone, deep.size()}));
    EXPECT_EQ(walk_over(std::string_view(deep).substr(1), instructions),
              (Walked{JsonFault::kNone, deep.size() - 2}));
    EXPECT_EQ(walk_over(std::string_view(deep).substr(0, deep.size() - 1), instructions),
              (Walked{JsonFault::kOpenNested, 0}));
    std::string numbers = "[0";
    for (int i = 0; i < 10'000; ++i) numbers += "," + std::to_string(i);
    numbers += "]";
    EXPECT_EQ(walk_over(numbers + ",[", instructions), (Walked{JsonFault::kNone, numbers.size()}));
  }
}

TEST(JsonWalk, KnowsWhetherWhatItPassedIsUtf8) {
  for (auto instructions : all_instructions()) {
    for (std::size_t size = 0; size < 140; ++size) {
      const std::string inside(size, 'x');
      EXPECT_TRUE(walk_over("[\"" + inside + "é\"]", instructions).utf8);
      EXPECT_FALSE(walk_over("[\"" + inside + "\xC3\"]", instructions).utf8) << size;
      EXPECT_FALSE(walk_over("\"" + inside + "\\\xFF\"", instructions).utf8) << size;
    }
  }
}

TEST(JsonWalk, GivesTheTextOfNumbersAndLiterals) {
  JsonWalk walk(" -1.5E+3,true ]");
  walk.skip_space();
  EXPECT_EQ(walk.take_value(), "-1.5E+3");
  EXPECT_TRUE(walk.take(','));
  EXPECT_EQ(walk.take_value(), "true");
  walk.skip_space();
  EXPECT_EQ(walk.take_value(), "");
  EXPECT_FALSE(walk.take('}'));
  EXPECT_TRUE(walk.take(']'));
  EXPECT_TRUE(walk.at_end());
  EXPECT_FALSE(walk.take('\0'));
}

}  // namespace
}  // namespace penstock::wire
