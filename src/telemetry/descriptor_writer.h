#pragma once

// Writes lines to a file descriptor, and counts what it could not write.
//
// It never waits forever: a full disk or a reader that is gone loses the lines at once; it waits
// for a reader that has stopped reading until give_up_after() has been called and its time has
// passed. Belongs to one thread at a time, except for the functions that say otherwise.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace penstock::telemetry {

enum class CloseDescriptor : bool { kNo, kYes };

class DescriptorWriter {
 public:
  // `close` says whether the destructor closes the descriptor.
  DescriptorWriter(int descriptor, CloseDescriptor close);
  ~DescriptorWriter();
  DescriptorWriter(const DescriptorWriter&) = delete;
  DescriptorWriter& operator=(const DescriptorWriter&) = delete;

  // Writes one or more whole lines, including the last line feed.
  void write_lines(std::string_view lines);

  // Lines that were not written as a whole; any thread.
  std::uint64_t lines_lost() const { return lines_lost_.load(std::memory_order_relaxed); }

  // From now on, all waits for the reader together take at most `patience`; 0: none. Any thread.
  void give_up_after(std::chrono::milliseconds patience);

 private:
  std::string_view write(std::string_view lines);
  bool wait_until_writable();

  const int descriptor_;
  const CloseDescriptor close_;
  const bool regular_file_;
  bool line_torn_ = false;  // the output ends in the middle of a line
  std::atomic<std::uint64_t> lines_lost_{0};
  std::atomic<std::int64_t> give_up_at_;  // steady clock, in nanoseconds
};

}  // namespace penstock::telemetry
