#include "processor_time.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace penstock::load {
namespace {

std::uint64_t nanoseconds_of(const std::filesystem::path& task) {
  std::ifstream file(task / "schedstat");
  std::uint64_t running = 0;
  file >> running;
  return file ? running : 0;
}

}  // namespace

std::chrono::nanoseconds processor_time(std::span<const pid_t> processes) {
  std::uint64_t sum = 0;
  for (const pid_t process : processes) {
    std::error_code gone;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    for (std::filesystem::directory_iterator task(tasks, gone), end; !gone && task != end;
         task.increment(gone)) {
      sum += nanoseconds_of(task->path());
    }
  }
  return std::chrono::nanoseconds(sum);
}

}  // namespace penstock::load
