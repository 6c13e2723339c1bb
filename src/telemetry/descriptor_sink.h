#pragma once

// A spdlog sink that writes whole batches of lines to a file descriptor, and counts what it could
// not write.
//
// spdlog's own sinks copy through stdio and do not say how much was lost. This one is called by
// the one worker thread of the access log's pool only. It never waits without an end: a full disk
// or a reader that is gone loses the batch at once; a reader that has stopped reading is waited
// for until close_after() has been called and its time is over.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <spdlog/sinks/sink.h>

namespace penstock::telemetry {

enum class CloseDescriptor : bool { kNo, kYes };

class DescriptorSink final : public spdlog::sinks::sink {
 public:
  // `close` says whether the destructor closes the descriptor.
  DescriptorSink(int descriptor, CloseDescriptor close);
  ~DescriptorSink() override;
  DescriptorSink(const DescriptorSink&) = delete;
  DescriptorSink& operator=(const DescriptorSink&) = delete;

  // Batches given to log() so far, written or not; any thread.
  std::uint64_t batches_done() const { return batches_done_.load(std::memory_order_acquire); }
  // Lines that were not written as a whole; any thread.
  std::uint64_t lines_lost() const { return lines_lost_.load(std::memory_order_relaxed); }

  // From now on, waits for the reader take no more than `patience` together. Any thread.
  void close_after(std::chrono::milliseconds patience);

  // The payload is one or more whole lines, the last line feed included.
  void log(const spdlog::details::log_msg& message) override;
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  std::string_view write(std::string_view batch);
  bool wait_until_writable();

  const int descriptor_;
  const CloseDescriptor close_;
  const bool regular_file_;
  bool line_torn_ = false;  // the output ends in the middle of a line
  std::atomic<std::uint64_t> batches_done_{0};
  std::atomic<std::uint64_t> lines_lost_{0};
  std::atomic<std::int64_t> give_up_at_;  // steady clock, in nanoseconds
};

}  // namespace penstock::telemetry
