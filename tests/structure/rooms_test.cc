// Compares include lines and CMake's link graph with the table of ranks.

#include "structure/rooms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "structure/tree.h"

namespace penstock::structure {
namespace {

// "net/stream.h" of the line `#include "net/stream.h"`; empty for every other line.
std::string_view included_by(std::string_view line) {
  constexpr std::string_view kInclude = "#include \"";
  if (!line.starts_with(kInclude)) return {};
  line.remove_prefix(kInclude.size());
  return line.substr(0, line.find('"'));
}

// What CMakeLists.txt lets each room use: the words between USES and LIBRARIES.
std::map<std::string, std::set<std::string>> rooms_of_cmake() {
  std::map<std::string, std::set<std::string>> rooms;
  std::string text = read_file("CMakeLists.txt").text;
  constexpr std::string_view kCall = "\npenstock_room(";
  for (std::size_t at = text.find(kCall); at != std::string::npos; at = text.find(kCall, at + 1)) {
    const std::size_t begin = at + kCall.size();
    std::istringstream words(text.substr(begin, text.find(')', begin) - begin));
    std::string name;
    words >> name;
    std::set<std::string>& used = rooms[name];
    bool in_uses = false;
    for (std::string word; words >> word;) {
      if (word == "USES" || word == "LIBRARIES") {
        in_uses = word == "USES";
      } else if (in_uses) {
        used.insert(word);
      }
    }
  }
  return rooms;
}

TEST(Rooms, AreTheFoldersOfTheTable) {
  std::vector<std::string> names;
  for (const Room& room : kRooms) names.emplace_back(room.name);
  std::ranges::sort(names);
  EXPECT_EQ(folders_in("src"), names);
}

TEST(Rooms, IncludeLowerRanksOnly) {
  std::size_t checked = 0;
  for (const File& file : files_below({"src"}, kCpp)) {
    const std::string_view room = room_of(file.path);
    for (const std::string_view line : file.lines()) {
      const std::string_view included = included_by(line);
      if (included.empty()) continue;
      const std::string_view other = included.substr(0, included.find('/'));
      ASSERT_TRUE(rank_of(other)) << file.path << ": " << line << " names no room";
      EXPECT_TRUE(other == room || *rank_of(other) < *rank_of(room)) << file.path << ": " << line;
      EXPECT_TRUE(exists("src/" + std::string(included))) << file.path << ": " << line;
      ++checked;
    }
  }
  EXPECT_GT(checked, 300U);
}

TEST(Rooms, AreLinkedAsTheyAreRanked) {
  const auto rooms = rooms_of_cmake();
  EXPECT_EQ(rooms.size(), kRooms.size());
  for (const auto& [name, used] : rooms) {
    ASSERT_TRUE(rank_of(name)) << name;
    for (const std::string& other : used) {
      ASSERT_TRUE(rank_of(other)) << name << " uses " << other;
      EXPECT_LT(*rank_of(other), *rank_of(name)) << name << " uses " << other;
    }
  }
}

// The folders of the room wire, each of which includes only those before it.
TEST(Rooms, HaveFoldersThatIncludeLowerOnesOnly) {
  constexpr std::array<std::string_view, 4> kFolders = {"json", "sse", "apis", "bodies"};
  const auto place = [&](std::string_view path) {
    std::string_view folder = path.substr(std::string_view("wire/").size());
    folder = folder.substr(0, folder.find('/'));
    return std::ranges::find(kFolders, folder) - kFolders.begin();
  };
  std::size_t checked = 0;
  for (const File& file : files_below({"src"}, kCpp)) {
    const std::string_view path =
        std::string_view(file.path).substr(std::string_view("src/").size());
    if (room_of(file.path) != "wire") continue;
    ASSERT_LT(place(path), std::ssize(kFolders)) << path << " is in none of the folders";
    for (const std::string_view line : file.lines()) {
      const std::string_view included = included_by(line);
      if (!included.starts_with("wire/")) continue;
      EXPECT_LE(place(included), place(path)) << path << ": " << line;
      ++checked;
    }
  }
  EXPECT_GT(checked, 30U);
}

// Not through a third room: what a room includes is in its own line of CMakeLists.txt.
TEST(Rooms, NameWhatTheyIncludeInCMake) {
  const auto rooms = rooms_of_cmake();
  for (const File& file : files_below({"src"}, kCpp)) {
    const std::string room(room_of(file.path));
    ASSERT_TRUE(rooms.contains(room)) << file.path;
    for (const std::string_view line : file.lines()) {
      const std::string_view included = included_by(line);
      const std::string other(included.substr(0, included.find('/')));
      if (other.empty() || other == room) continue;
      EXPECT_TRUE(rooms.at(room).contains(other)) << file.path << ": " << line;
    }
  }
}

TEST(Rooms, AreNamespacesOfTheSameName) {
  for (const File& file : files_below({"src"}, kCpp)) {
    if (file.path == "src/app/main.cc") continue;
    const std::string room(room_of(file.path));
    const std::string wanted =
        room == "core" ? "namespace penstock {" : "namespace penstock::" + room + " {";
    EXPECT_NE(file.text.find(wanted), std::string::npos) << file.path << " has no " << wanted;
  }
}

// Start lines, framing and field lines are written by one room.
TEST(Rooms, WriteMessagesOfHttpInHttpAlone) {
  for (const File& file : files_below({"src"}, kCpp)) {
    if (room_of(file.path) == "http") continue;
    EXPECT_EQ(file.text.find("#include \"http/serializer.h\""), std::string::npos) << file.path;
    EXPECT_EQ(file.text.find("write_raw("), std::string::npos) << file.path;
  }
}

// Boost is not among the libraries (docs/decisions/0002).
TEST(Rooms, DoNotIncludeBoost) {
  for (const File& file : files_below({"src", "tools"}, kCpp)) {
    EXPECT_EQ(file.text.find("#include <boost/"), std::string::npos) << file.path;
  }
}

}  // namespace
}  // namespace penstock::structure
