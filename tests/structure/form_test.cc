// The form of sources: length and width, prose at the front of headers, no leftovers.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "structure/tree.h"

namespace penstock::structure {
namespace {

constexpr std::size_t kFileLinesMax = 500;
constexpr std::size_t kFunctionLinesMax = 70;
constexpr std::size_t kColumnsMax = 100;

const std::vector<std::string> kFolders = {"src", "tools", "tests"};
const std::vector<std::string> kSources = {".h", ".cc", ".mjs", ".py", ".sh", "CMakeLists.txt"};

struct Function {
  std::string_view opening;  // the line that ends with its brace
  std::size_t first_line = 0;
  std::size_t lines = 0;
};

bool opens_function(std::string_view line) {
  if (line.empty() || !line.ends_with('{')) return false;
  if (line.front() == ' ' || line.front() == '}' || line.starts_with("//")) return false;
  for (const std::string_view other : {"namespace", "class", "struct", "enum", "union", "extern"}) {
    if (line.starts_with(other)) return false;
  }
  return !line.ends_with("= {") && !line.ends_with("{{");
}

// Functions at the outermost level. clang-format does not indent namespaces, so such a function
// ends with the first line that is only a closing brace.
std::vector<Function> functions_of(const File& file) {
  std::vector<Function> functions;
  const std::vector<std::string_view> lines = file.lines();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // A head of several lines continues indented, and its brace ends the last of them.
    const bool goes_on = lines[i].starts_with("    ") && lines[i].ends_with(") {") && i > 0 &&
                         !lines[i - 1].empty() && lines[i - 1].front() != ' ' &&
                         (lines[i - 1].ends_with(',') || lines[i - 1].ends_with('('));
    if (!opens_function(lines[i]) && !goes_on) continue;
    const auto end = std::find(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.end(), "}");
    if (end == lines.end()) continue;
    const auto count = static_cast<std::size_t>(end - lines.begin()) - i + 1;
    functions.push_back({lines[i], i + 1, count});
    i += count - 1;
  }
  return functions;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

TEST(Form, NoFileIsLongerThan500Lines) {
  std::size_t checked = 0;
  for (const File& file : files_below(kFolders, kSources)) {
    EXPECT_LE(file.lines().size(), kFileLinesMax) << file.path;
    ++checked;
  }
  EXPECT_GT(checked, 250U);
}

TEST(Form, NoLineIsWiderThan100Columns) {
  std::vector<std::string> endings = kSources;
  for (const char* more : {".cmake", "Makefile"}) endings.emplace_back(more);
  std::size_t checked = 0;
  for (const File& file : files_below({""}, endings)) {
    std::size_t number = 0;
    for (const std::string_view line : file.lines()) {
      ++number;
      EXPECT_LE(columns_of(line), kColumnsMax) << file.path << ":" << number;
    }
    ++checked;
  }
  EXPECT_GT(checked, 300U);
}

TEST(Form, NoFunctionIsLongerThan70Lines) {
  std::size_t checked = 0;
  for (const File& file : files_below(kFolders, kCpp)) {
    for (const Function& function : functions_of(file)) {
      EXPECT_LE(function.lines, kFunctionLinesMax)
          << file.path << ":" << function.first_line << ": " << function.opening;
      ++checked;
    }
  }
  EXPECT_GT(checked, 1000U);
}

TEST(Form, NoLineHasTabsOrSpaceAtItsEnd) {
  for (const File& file : files_below(kFolders, kSources)) {
    std::size_t number = 0;
    for (const std::string_view line : file.lines()) {
      ++number;
      EXPECT_FALSE(line.ends_with(' ') || line.ends_with('\r')) << file.path << ":" << number;
      EXPECT_EQ(line.find('\t'), std::string_view::npos) << file.path << ":" << number;
    }
    EXPECT_TRUE(file.text.ends_with('\n')) << file.path << " ends without a line feed";
  }
}

TEST(Form, EveryHeaderBeginsWithWhatItIs) {
  for (const File& file : files_below(kFolders, {".h"})) {
    const std::vector<std::string_view> lines = file.lines();
    ASSERT_GE(lines.size(), 3U) << file.path;
    EXPECT_EQ(lines[0], "#pragma once") << file.path;
    EXPECT_EQ(lines[1], "") << file.path;
    EXPECT_TRUE(lines[2].starts_with("// ")) << file.path << " does not say what it is";
    // A name alone is no prose.
    EXPECT_GE(std::ranges::count(lines[2], ' '), 3) << file.path << ": " << lines[2];
  }
}

TEST(Form, NothingUnfinishedOrForDebuggingIsLeft) {
  constexpr std::array kWords = {"TODO", "FIXME", "XXX"};
  constexpr std::array kWordsOfAnyCase = {"hack", "kludge", "workaround for now", "for now"};
  constexpr std::array kTexts = {"#if 0", "using namespace std;", "sleep_for(", "usleep("};
  for (const File& file : files_below({"src"}, kCpp)) {
    for (const char* word : kWords)
      EXPECT_FALSE(has_word(file.text, word)) << file.path << ": " << word;
    const std::string folded = lower(file.text);
    for (const char* word : kWordsOfAnyCase) {
      EXPECT_FALSE(has_word(folded, word)) << file.path << ": " << word;
    }
    for (const char* text : kTexts) {
      EXPECT_EQ(file.text.find(text), std::string::npos) << file.path << ": " << text;
    }
  }
}

// Only commands write to a terminal; everything else uses the log.
TEST(Form, OnlyTheCommandLinePrints) {
  for (const File& file : files_below({"src"}, kCpp)) {
    if (room_of(file.path) == "app") continue;
    for (const char* name : {"cout", "cerr", "clog", "printf"}) {
      EXPECT_FALSE(has_word(file.text, name)) << file.path << ": " << name;
    }
  }
}

}  // namespace
}  // namespace penstock::structure
