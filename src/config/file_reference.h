#pragma once

// The files that ${file:PATH} refers to, such as those of systemd's credentials, or of secrets that
// are mounted into a container.

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/secret.h"

namespace penstock::config {

struct FileReference {
  enum class State : std::uint8_t {
    kRead,      // `text` is the content without one line end at its end
    kAbsent,    // there is no such file, or nothing is in it
    kUnusable,  // there is something, but not for this user, or not a small file of text
  };
  static constexpr std::size_t kBytesMax = std::size_t{64} * 1024;

  State state = State::kAbsent;
  std::string text;
  // What is wrong and what to do, for a message; of a file that was read, a warning or nothing.
  // Never has the content, and has the path only if it is absolute: another one may be a key that
  // was written in the place of its file.
  std::string remark;
};

// What was read of a file.
struct FileText {
  std::string path;
  Secret text;
};

// Does not wait: a pipe is refused without being opened for good.
FileReference read_file_reference(const std::string& path);

}  // namespace penstock::config
