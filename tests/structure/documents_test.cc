// Compares the documents with the tree: links, files, functions, rooms and settings.

#include "structure/documents.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "structure/rooms.h"
#include "structure/tree.h"

namespace penstock::structure {
namespace {

std::vector<File> documents() {
  return files_below({""}, {".md"});
}

bool is_elsewhere(const std::string& link) {
  return link.starts_with("http://") || link.starts_with("https://") || link.starts_with("mailto:");
}

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool consists_of(std::string_view text, std::initializer_list<std::string_view> characters) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::ranges::any_of(characters, [&](std::string_view set) { return set.contains(c); });
  });
}

// A path with a folder in it, and the extension of a file of this tree.
bool is_file_name(std::string_view span) {
  constexpr std::array kEndings = {".h", ".cc", ".md", ".sh", ".mjs", ".py", ".cmake"};
  return !span.starts_with('/') && span.contains('/') &&
         consists_of(span, {kLetters, kDigits, "_./-"}) &&
         std::ranges::any_of(kEndings, [&](const char* ending) { return span.ends_with(ending); });
}

struct FunctionName {
  std::string type;  // empty: a free function, or one whose class is not named
  std::string function;
};

// `Type::function()` or `function()`.
std::optional<FunctionName> function_name(std::string_view span) {
  constexpr std::string_view kCall = "()";
  if (!span.ends_with(kCall)) return std::nullopt;
  span.remove_suffix(kCall.size());
  FunctionName name;
  if (const std::size_t colons = span.find("::"); colons != std::string_view::npos) {
    name.type = span.substr(0, colons);
    span.remove_prefix(colons + 2);
    if (!consists_of(name.type, {kLetters, kDigits})) return std::nullopt;
  }
  if (!consists_of(span, {kLetters, kDigits, "_"})) return std::nullopt;
  name.function = span;
  return name;
}

TEST(Documents, LinkToFilesThatExist) {
  std::size_t checked = 0;
  for (const File& document : documents()) {
    for (const std::string& link : links_of(document)) {
      if (is_elsewhere(link)) continue;
      EXPECT_TRUE(exists(path_of_link(document, link))) << document.path << ": " << link;
      ++checked;
    }
  }
  EXPECT_GT(checked, 20U);
}

TEST(Documents, LinkToHeadingsThatExist) {
  for (const File& document : documents()) {
    for (const std::string& link : links_of(document)) {
      const std::size_t mark = link.find('#');
      if (is_elsewhere(link) || mark == std::string::npos) continue;
      const std::string path = path_of_link(document, link);
      ASSERT_TRUE(exists(path)) << document.path << ": " << link;
      EXPECT_TRUE(anchors_of(read_file(path)).contains(link.substr(mark + 1)))
          << document.path << ": " << link;
    }
  }
}

// `net/stream.h`, `src/app/worker.cc`, `docs/errors.md`: with or without the folder of sources.
TEST(Documents, NameFilesThatExist) {
  std::size_t checked = 0;
  for (const File& document : documents()) {
    for (const std::string& span : code_spans_of(document)) {
      if (!is_file_name(span)) continue;
      EXPECT_TRUE(exists(span) || exists("src/" + span)) << document.path << ": `" << span << "`";
      ++checked;
    }
  }
  EXPECT_GT(checked, 40U);
}

// `Exchange::fail()` and `wait_any()`: a class of that name is there, and so is the function.
TEST(Documents, NameFunctionsThatExist) {
  const std::vector<File> sources = files_below({"src"}, {".h", ".cc"});
  const auto is_in_one = [&](const FunctionName& name) {
    return std::ranges::any_of(sources, [&](const File& file) {
      const bool has_type = name.type.empty() || has_word(file.text, "class " + name.type) ||
                            has_word(file.text, "struct " + name.type);
      return has_type && has_word(file.text, name.function) &&
             file.text.contains(name.function + "(");
    });
  };
  std::size_t checked = 0;
  std::vector<File> checked_documents = files_below({"docs"}, {".md"});
  checked_documents.push_back(read_file("ARCHITECTURE.md"));
  for (const File& document : checked_documents) {
    for (const std::string& span : code_spans_of(document)) {
      const std::optional<FunctionName> name = function_name(span);
      if (!name) continue;
      EXPECT_TRUE(is_in_one(*name)) << document.path << ": `" << span << "`";
      ++checked;
    }
  }
  EXPECT_GT(checked, 30U);
}

// `Suite.SaysWhatIsPromised` in a table of cases: a test of that name is there.
TEST(RoutingCases, NameTestsThatExist) {
  const std::vector<File> tests = files_below({"tests"}, {".cc"});
  std::size_t checked = 0;
  for (const std::string& span : code_spans_of(read_file("docs/routing-cases.md"))) {
    const std::size_t dot = span.find('.');
    if (dot == std::string::npos || span.front() < 'A' || span.front() > 'Z') continue;
    const std::string definition = "(" + span.substr(0, dot) + ", " + span.substr(dot + 1) + ")";
    EXPECT_TRUE(std::ranges::any_of(tests, [&](const File& file) {
      return std::ranges::any_of(file.lines(), [&](std::string_view line) {
        return line.starts_with("TEST") && line.contains(definition);
      });
    })) << span;
    ++checked;
  }
  EXPECT_GT(checked, 100U);
}

// Each acceptance case of the design has one row.
TEST(RoutingCases, HaveARowForEachNumber) {
  const std::string text = read_file("docs/routing-cases.md").text;
  for (int number = 1; number <= 58; ++number) {
    EXPECT_TRUE(text.contains("\n| " + std::to_string(number) + " | ")) << number;
  }
}

TEST(Readme, HasExamplesThatLoad) {
  const std::string text = read_file("README.md").text;
  const std::string opening = "<!-- example -->\n```yaml\n";
  std::size_t examples = 0;
  for (std::size_t at = 0; (at = text.find(opening, at)) != std::string::npos; ++examples) {
    at += opening.size();
    const config::Loaded loaded =
        config::load_text(text.substr(at, text.find("```", at) - at), "README.md",
                          [](std::string_view) { return std::optional<std::string>(); });
    for (const config::Problem& problem : loaded.problems) ADD_FAILURE() << problem.text();
    EXPECT_TRUE(loaded.settings.has_value());
  }
  EXPECT_EQ(examples, 3u);
}

TEST(Architecture, ListsEveryRoomWithItsRank) {
  const std::string text = read_file("ARCHITECTURE.md").text;
  for (const Room& room : kRooms) {
    const std::string row =
        "\n| " + std::to_string(room.rank) + " | `" + std::string(room.name) + "/` | ";
    EXPECT_NE(text.find(row), std::string::npos) << "no row" << row;
  }
}

TEST(Operations, ListsEveryLimitAndTimeoutWithItsDefault) {
  const std::string text = read_file("docs/operations.md").text;
  std::size_t checked = 0;
  for (const config::KnownKey& key : config::known_keys()) {
    const bool is_limit = key.path.starts_with("server.limits.");
    const bool is_timeout = key.path.starts_with("server.timeouts.");
    if (!is_limit && !is_timeout) continue;
    const bool in_seconds = is_timeout && key.default_value != "0";
    const std::string row =
        "\n| `" + key.path + "` | " + key.default_value + (in_seconds ? " s | " : " | ");
    EXPECT_NE(text.find(row), std::string::npos) << "no row" << row;
    ++checked;
  }
  EXPECT_GT(checked, 15U);
}

TEST(Decisions, AreNumberedWithoutGapsAndHaveTheSameParts) {
  int number = 0;
  for (const File& record : files_below({"docs/decisions"}, {".md"})) {
    std::string name = std::to_string(++number);
    name.insert(0, 4 - name.size(), '0');
    EXPECT_TRUE(record.path.starts_with("docs/decisions/" + name + "-")) << record.path;
    EXPECT_TRUE(record.text.starts_with("# " + std::to_string(number) + ". ")) << record.path;
    for (const char* part : {"\n## Context\n", "\n## Decision\n", "\n## Consequences\n"}) {
      EXPECT_NE(record.text.find(part), std::string::npos) << record.path << part;
    }
  }
  EXPECT_GE(number, 12);
}

}  // namespace
}  // namespace penstock::structure
