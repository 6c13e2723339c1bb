#include "telemetry/descriptor_sink.h"

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

// What is written to a pipe at once: up to PIPE_BUF the kernel keeps it together (pipe(7)), so that
// the lines of several writers do not mix, and a pipe that is ready takes it without blocking.
std::string_view pipe_portion(std::string_view batch) {
  if (batch.size() <= PIPE_BUF) return batch;
  const std::size_t line_end = batch.rfind('\n', PIPE_BUF - 1);
  return batch.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

}  // namespace

DescriptorSink::DescriptorSink(int descriptor, CloseDescriptor close)
    : descriptor_(descriptor),
      close_(close),
      regular_file_(is_regular_file(descriptor)),
      give_up_at_(std::numeric_limits<std::int64_t>::max()) {}

DescriptorSink::~DescriptorSink() {
  if (close_ == CloseDescriptor::kYes) ::close(descriptor_);
}

void DescriptorSink::close_after(std::chrono::milliseconds patience) {
  give_up_at_.store(steady_nanoseconds() + std::chrono::nanoseconds(patience).count());
}

void DescriptorSink::log(const spdlog::details::log_msg& message) {
  const std::string_view batch(message.payload.data(), message.payload.size());
  // Ends a line that an earlier failure has torn, so that the next one is whole.
  if (line_torn_ && write("\n").empty()) line_torn_ = false;
  const std::string_view rest = line_torn_ ? batch : write(batch);
  if (!rest.empty()) {
    const auto lost = std::count(rest.begin(), rest.end(), '\n');
    lines_lost_.fetch_add(static_cast<std::uint64_t>(lost), std::memory_order_relaxed);
    const std::size_t written = batch.size() - rest.size();
    if (written > 0) line_torn_ = batch[written - 1] != '\n';
  }
  batches_done_.fetch_add(1, std::memory_order_release);
}

// Gives what could not be written.
std::string_view DescriptorSink::write(std::string_view batch) {
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

bool DescriptorSink::wait_until_writable() {
  // Short waits, so that a call of close_after() is noticed.
  constexpr int kLookMilliseconds = 50;
  do {
    pollfd wanted{descriptor_, POLLOUT, 0};
    if (::poll(&wanted, 1, kLookMilliseconds) > 0) return true;
  } while (steady_nanoseconds() < give_up_at_.load());
  return false;
}

}  // namespace penstock::telemetry
