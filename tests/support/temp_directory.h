#pragma once

// A new temporary directory, removed with everything in it.

#include <filesystem>
#include <string>
#include <string_view>

namespace penstock::testing {

class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  std::string path_of(std::string_view name) const { return (path_ / name).string(); }
  // Writes a file; returns its path.
  std::string write(std::string_view name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

// A whole file; empty if it does not exist.
std::string read_file(const std::string& path);

}  // namespace penstock::testing
