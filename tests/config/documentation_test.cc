// Compares docs/configuration.md with the decoder, both ways.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "config/key_files.h"
#include "config/loading.h"
#include "config/presets.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::IsEmpty;

std::string documentation() {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/docs/configuration.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string stripped(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" `");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" `") - first + 1));
}

struct Row {
  std::string type;
  std::string default_value;
};

// The rows of the tables of keys, types, defaults and meanings.
std::map<std::string, Row> documented_keys() {
  std::map<std::string, Row> keys;
  std::istringstream lines(documentation());
  bool in_key_table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| key | type | default |")) in_key_table = true;
    if (!line.starts_with("|")) in_key_table = false;
    if (!in_key_table || !line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(stripped(cell));
    EXPECT_EQ(cells.size(), 4u) << line;
    EXPECT_FALSE(cells.back().empty()) << line;
    EXPECT_TRUE(keys.emplace(cells[0], Row{cells[1], cells[2]}).second) << "twice: " << line;
  }
  return keys;
}

TEST(Documentation, HasEveryKeyOfTheDecoderAndNoOther) {
  std::map<std::string, Row> documented = documented_keys();
  const std::vector<KnownKey> known = known_keys();
  EXPECT_GT(known.size(), 100u);
  for (const KnownKey& key : known) {
    const auto row = documented.find(key.path);
    if (row == documented.end()) {
      ADD_FAILURE() << "not in docs/configuration.md: " << key.path;
      continue;
    }
    EXPECT_EQ(row->second.type, key.type) << key.path;
    EXPECT_EQ(row->second.default_value, key.default_value) << key.path;
    documented.erase(row);
  }
  for (const auto& [path, row] : documented) ADD_FAILURE() << "not a key: " << path;
}

TEST(Documentation, HasAnExampleThatLoads) {
  const std::string text = documentation();
  const std::string opening = "<!-- example -->\n```yaml\n";
  const std::size_t begin = text.find(opening);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = text.find("```", begin + opening.size());
  const Loaded loaded = load(text.substr(begin + opening.size(), end - begin - opening.size()));
  EXPECT_THAT(texts_of(loaded), IsEmpty());
}

// The cells of the table of types, without backticks.
std::map<std::string, std::vector<std::string>> documented_types() {
  std::map<std::string, std::vector<std::string>> types;
  std::istringstream lines(documentation());
  bool in_table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "<!-- types -->") in_table = true;
    if (line.empty()) in_table = false;
    if (!in_table || !line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(stripped(cell));
    types.emplace(cells[0], cells);
  }
  return types;
}

TEST(Documentation, HasEveryTypeOfProviderAndNoOther) {
  const std::map<std::string, std::vector<std::string>> documented = documented_types();
  EXPECT_EQ(documented.size(), presets().size());
  for (const Preset& preset : presets()) {
    SCOPED_TRACE(preset.type);
    const auto row = documented.find(std::string(preset.type));
    ASSERT_NE(row, documented.end());
    const std::vector<std::string>& cells = row->second;
    ASSERT_EQ(cells.size(), 5u);
    if (!preset.base_url.empty()) {
      EXPECT_EQ(cells[1], preset.base_url);
    }
    EXPECT_EQ(cells[2], preset.key_setting);
    EXPECT_EQ(cells[3] == "no", preset.need == KeyNeed::kNever);
    const std::vector<std::string_view> keys = words_of(preset.caller_keys);
    EXPECT_EQ(cells[4], keys.empty() ? "" : keys[0]);
  }
}

TEST(Defaults, AreWhatTheyAreSaidToBe) {
  std::size_t compared = 0;
  for (const KnownKey& key : known_keys()) {
    const std::string& value = key.default_value;
    if (value.empty() || value == "none" || value == "{}" || value == "[]") continue;
    const Loaded given = load(with_required_keys(file_with(key.path, value)));
    const Loaded absent = load(with_required_keys(file_with(key.path, "")));
    ASSERT_TRUE(given.settings) << key.path << testing::PrintToString(texts_of(given));
    ASSERT_TRUE(absent.settings) << key.path << testing::PrintToString(texts_of(absent));
    EXPECT_EQ(describe(*given.settings), describe(*absent.settings)) << key.path;
    ++compared;
  }
  EXPECT_GT(compared, 25u);
}

// So that the test above cannot pass by comparing nothing.
TEST(Defaults, AreSeenInTheDescription) {
  for (std::string_view path :
       {"server.port", "server.limits.header_fields", "server.timeouts.upstream_idle"}) {
    EXPECT_NE(describe(*load(file_with(path, "77")).settings),
              describe(*load(file_with(path, "")).settings))
        << path;
  }
}

}  // namespace
}  // namespace penstock::config
