#pragma once

// A new directory under the system's place for temporary files, removed with all that is in it.

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

// A whole file; empty where it is not there.
std::string read_file(const std::string& path);

}  // namespace penstock::testing
