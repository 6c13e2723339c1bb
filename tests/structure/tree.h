#pragma once

// The project's files as the structure tests read them: text, lines and names, nothing compiled.
//
// Paths are relative to the top of the tree, with slashes. Builds, downloaded packages and git's
// own files are not part of it. Every function throws std::filesystem::filesystem_error or
// std::runtime_error if the tree cannot be read, which fails the calling test.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::structure {

struct File {
  std::string path;  // "src/net/stream.h"
  std::string text;

  // Without their line feeds.
  std::vector<std::string_view> lines() const;
};

// All files below the given folders whose names end in one of `endings`, sorted by path. An empty
// folder name is the whole tree.
std::vector<File> files_below(const std::vector<std::string>& folders,
                              const std::vector<std::string>& endings);

// The endings of C++ files.
inline const std::vector<std::string> kCpp = {".h", ".cc"};

File read_file(const std::string& path);
bool exists(const std::string& path);

// The names of the folders directly below one.
std::vector<std::string> folders_in(const std::string& path);

// "src/net/stream.h" and "src/net/stream.cc" are in the room "net"; other paths in none ("").
std::string_view room_of(std::string_view path);

// How wide a line is on a screen, approximated by its number of code points.
std::size_t columns_of(std::string_view line);

// Whether `word` occurs in `text` with no letter, digit or underscore beside it.
bool has_word(std::string_view text, std::string_view word);

}  // namespace penstock::structure
