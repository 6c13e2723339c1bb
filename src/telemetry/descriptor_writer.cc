#include "telemetry/descriptor_writer.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace penstock::telemetry {
namespace {

bool is_regular_file(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

std::int64_t steady_nanoseconds() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What is written to a pipe at once: the kernel keeps up to PIPE_BUF together (pipe(7)), so that
// lines of several writers do not mix, and a ready pipe takes it without blocking.
std::string_view pipe_portion(std::string_view batch) {
  if (batch.size() <= PIPE_BUF) return batch;
  const std::size_t line_end = batch.rfind('\n', PIPE_BUF - 1);
  return batch.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

}  // namespace

DescriptorWriter::DescriptorWriter(int descriptor, CloseDescriptor close)
    : descriptor_(descriptor),
      close_(close),
      regular_file_(is_regular_file(descriptor)),
      give_up_at_(std::numeric_limits<std::int64_t>::max()) {}

DescriptorWriter::~DescriptorWriter() {
  if (close_ == CloseDescriptor::kYes) ::close(descriptor_);
}

void DescriptorWriter::give_up_after(std::chrono::milliseconds patience) {
  give_up_at_.store(steady_nanoseconds() + std::chrono::nanoseconds(patience).count());
}

void DescriptorWriter::write_lines(std::string_view lines) {
  // Ends a line that an earlier failure has broken off, so that the next one is whole.
  if (line_torn_ && write("\n").empty()) line_torn_ = false;
  const std::string_view rest = line_torn_ ? lines : write(lines);
  if (rest.empty()) return;
  const auto lost = std::count(rest.begin(), rest.end(), '\n');
  lines_lost_.fetch_add(static_cast<std::uint64_t>(lost), std::memory_order_relaxed);
  const std::size_t written = lines.size() - rest.size();
  if (written > 0) line_torn_ = lines[written - 1] != '\n';
}

// Returns what could not be written.
std::string_view DescriptorWriter::write(std::string_view batch) {
  while (!batch.empty()) {
    if (!regular_file_ && !wait_until_writable()) return batch;
    const std::string_view portion = regular_file_ ? batch : pipe_portion(batch);
    const ssize_t written = ::write(descriptor_, portion.data(), portion.size());
    if (written >= 0) {
      batch.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return batch;
    }
  }
  return batch;
}

bool DescriptorWriter::wait_until_writable() {
  // Short waits, so that give_up_after() is noticed.
  constexpr std::int64_t kLookMilliseconds = 50;
  for (;;) {
    const std::int64_t left = give_up_at_.load() - steady_nanoseconds();
    pollfd wanted{descriptor_, POLLOUT, 0};
    const std::int64_t wait = std::clamp(left / 1'000'000, std::int64_t{0}, kLookMilliseconds);
    if (::poll(&wanted, 1, static_cast<int>(wait)) > 0) return true;
    if (left <= 0) return false;
  }
}

}  // namespace penstock::telemetry
