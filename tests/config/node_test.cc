#include "config/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Parsed {
  std::optional<Node> root;
  std::vector<std::string> problems;
};

Parsed parse(std::string_view text) {
  Problems problems("f");
  Parsed parsed;
  parsed.root = parse_document(text, problems);
  for (const Problem& problem : problems.take()) parsed.problems.push_back(problem.text());
  return parsed;
}

std::string text_at(const Node& node, std::string_view key) {
  const Node* entry = node.find(key);
  return entry == nullptr ? "(none)" : entry->text;
}

TEST(Document, GivesPositionsAndPathsOfValuesAndKeys) {
  const Parsed parsed = parse("a:\n  b:\n    - x\n    - c: 1\n");
  ASSERT_TRUE(parsed.root);
  const Node& list = *parsed.root->find("a")->find("b");
  EXPECT_EQ(list.path, "a.b");
  EXPECT_EQ(list.key_position.line, 2u);
  EXPECT_EQ(list.key_position.column, 3u);
  const Node& item = *list.children[1].find("c");
  EXPECT_EQ(item.path, "a.b[1].c");
  EXPECT_EQ(item.position.line, 4u);
  EXPECT_EQ(item.position.column, 10u);
}

TEST(Document, IsAnEmptyMappingWhereTheFileSaysNothing) {
  for (std::string_view text : {"", "\n", "# comment\n", "---\n", "{}", "~"}) {
    const Parsed parsed = parse(text);
    ASSERT_TRUE(parsed.root) << text;
    EXPECT_EQ(parsed.root->kind, Node::Kind::kMap) << text;
    EXPECT_THAT(parsed.root->children, IsEmpty()) << text;
  }
}

TEST(Document, ExpandsAnchorsAndMergeKeys) {
  const Parsed parsed = parse(
      "base: &base {a: 1, b: 2}\n"
      "more: &more {b: 3, c: 4}\n"
      "one:\n  <<: *base\n  a: 9\n"
      "two:\n  z: 0\n  <<: [*more, *base]\n"
      "same: *base\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_THAT(parsed.problems, IsEmpty());
  const Node& one = *parsed.root->find("one");
  EXPECT_EQ(text_at(one, "a"), "9");
  EXPECT_EQ(text_at(one, "b"), "2");
  EXPECT_EQ(one.find("b")->path, "one.b");
  EXPECT_EQ(one.find("<<"), nullptr);
  const Node& two = *parsed.root->find("two");
  EXPECT_EQ(text_at(two, "b"), "3");
  EXPECT_EQ(text_at(two, "a"), "1");
  EXPECT_EQ(text_at(two, "c"), "4");
  EXPECT_EQ(text_at(*parsed.root->find("same"), "a"), "1");
}

TEST(Document, RefusesToMergeWhatIsNoMapping) {
  EXPECT_THAT(parse("a:\n  <<: 5\n").problems,
              ElementsAre("f:2:7: a.<<: expected a mapping or a list of mappings to merge, "
                          "found a value"));
}

TEST(Document, ReportsDuplicateKeysOnceAndKeepsTheFirst) {
  const Parsed parsed = parse("x: &x\n  a: 1\n  a: 2\ny: *x\nx: 3\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(text_at(*parsed.root->find("x"), "a"), "1");
  EXPECT_THAT(parsed.problems, ElementsAre("f:3:3: x.a: given twice, first in line 2",
                                           "f:3:3: y.a: given twice, first in line 2",
                                           "f:5:1: x: given twice, first in line 1"));
}

TEST(Document, ReportsKeysThatAreNotSingleValues) {
  EXPECT_THAT(parse("a:\n  ? [x, y]\n  : 1\n").problems,
              ElementsAre("f:2:5: a: a key must be a single value"));
}

TEST(Document, TellsNothingFromText) {
  const Parsed parsed = parse("a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: !!str\n");
  ASSERT_TRUE(parsed.root);
  for (std::string_view key : {"a", "b", "c"}) {
    EXPECT_EQ(parsed.root->find(key)->kind, Node::Kind::kNull) << key;
  }
  for (std::string_view key : {"d", "e"}) {
    EXPECT_EQ(parsed.root->find(key)->kind, Node::Kind::kScalar) << key;
  }
  EXPECT_EQ(parsed.root->find("a")->position.column, 1u);
}

TEST(Document, ThatIsNotYamlIsOneProblemWithItsPosition) {
  EXPECT_THAT(parse("a: 1\nb: [1, 2\nc: 3\n").problems,
              ElementsAre("f:3:2: not valid YAML: end of sequence flow not found"));
  for (std::string_view text : {"a: \"x", "a: \"x\n", "a: 'x\nb: 2\n", "a:\n  b: \"x\n\n \t\n"}) {
    EXPECT_THAT(parse(text).problems, testing::SizeIs(1)) << text;
  }
  EXPECT_THAT(parse("a:\n\tb: 1\n").problems, testing::SizeIs(1));
}

TEST(Document, DoesNotStallTheParser) {
  EXPECT_THAT(parse(",\n").problems, ElementsAre("f:1:1: not valid YAML: nothing can begin here"));
  EXPECT_FALSE(parse(" ,\n-b-\n\r:1\n\r:1\n").root);
}

TEST(Document, DoesNotRepeatWhatCouldBeASecret) {
  const Parsed parsed = parse("api_key: *hunter2\n");
  EXPECT_FALSE(parsed.root);
  EXPECT_THAT(parsed.problems,
              ElementsAre("f:1:10: not valid YAML: the referenced anchor is not defined"));
}

TEST(Document, HasAMappingAtItsTop) {
  EXPECT_THAT(parse("- a\n").problems,
              ElementsAre("f:1:1: expected a mapping at the top of the file, found a list"));
  EXPECT_THAT(parse("hello\n").problems,
              ElementsAre("f:1:1: expected a mapping at the top of the file, found a value"));
  EXPECT_THAT(parse("a: 1\n---\nb: 2\n").problems,
              ElementsAre("f:2:1: a second document; a file may contain only one"));
}

TEST(Document, IsUtf8WithoutControlCharacters) {
  EXPECT_THAT(parse("a: 1\nb: x\x04y\n").problems,
              ElementsAre("f:2:5: a control character; a configuration file is UTF-8 text"));
  EXPECT_THAT(parse(std::string_view("a\0b", 3)).problems, testing::SizeIs(1));
  EXPECT_THAT(parse("a: 1\nb: \xFF\n").problems, ElementsAre("f:2:1: this line is not UTF-8"));
  const Parsed parsed = parse(
      "\xEF\xBB\xBF"
      "a: \xC3\xB6\r\nb: 2\r\n");
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(text_at(*parsed.root, "a"), "\xC3\xB6");
  EXPECT_EQ(text_at(*parsed.root, "b"), "2");
}

TEST(Document, MayNotBeNestedWithoutEnd) {
  for (std::size_t depth : {100u, 600u, 100'000u}) {
    const Parsed flow = parse("a: " + std::string(depth, '['));
    EXPECT_FALSE(flow.root) << depth;
    if (depth > 500) {
      EXPECT_THAT(flow.problems[0], testing::HasSubstr("nested too deeply")) << depth;
    }
    EXPECT_THAT(flow.problems, testing::SizeIs(1)) << depth;
    const Parsed closed = parse("a: " + std::string(depth, '[') + std::string(depth, ']'));
    EXPECT_FALSE(closed.root) << depth;
    EXPECT_THAT(closed.problems, testing::SizeIs(1)) << depth;
    const Parsed maps = parse(std::string(depth, '{'));
    EXPECT_FALSE(maps.root) << depth;
    std::string dashes;
    for (std::size_t i = 0; i < depth; ++i) dashes += "- ";
    EXPECT_FALSE(parse(dashes).root) << depth;
  }
}

TEST(Document, MayNotGrowThroughAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 8; ++j) text += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  const Parsed parsed = parse(text);
  EXPECT_FALSE(parsed.root);
  ASSERT_THAT(parsed.problems, testing::SizeIs(1));
  EXPECT_THAT(parsed.problems[0], testing::HasSubstr("more than 20000 values"));
}

TEST(Document, MayNotContainItself) {
  EXPECT_FALSE(parse("a: &a [*a]\n").root);
  EXPECT_FALSE(parse("a: &a\n  <<: *a\n").root);
}

TEST(Document, MayNotBeLargerThanAMebibyte) {
  const std::string large(kDocumentBytesMax + 1, '#');
  EXPECT_THAT(parse(large).problems, ElementsAre("f:1:1: the file is larger than 1048576 bytes"));
  EXPECT_TRUE(parse(large.substr(1)).root);
}

}  // namespace
}  // namespace penstock::config
