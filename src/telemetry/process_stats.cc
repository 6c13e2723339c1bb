#include "telemetry/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <string_view>

namespace penstock::telemetry {

std::optional<std::uint64_t> resident_memory_bytes() {
  const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  char text[128];
  const ssize_t length = ::read(descriptor, text, sizeof text);
  ::close(descriptor);
  if (length <= 0) return std::nullopt;
  // "size resident shared …", in pages.
  const std::string_view fields(text, static_cast<std::size_t>(length));
  const std::size_t space = fields.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::uint64_t pages = 0;
  const char* resident = fields.data() + space + 1;
  if (std::from_chars(resident, text + length, pages).ec != std::errc{}) return std::nullopt;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> open_descriptors() {
  struct Closer {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Closer> directory(::opendir("/proc/self/fd"));
  if (!directory) return std::nullopt;
  std::uint64_t entries = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++entries;
  }
  return entries - 1;
}

}  // namespace penstock::telemetry
