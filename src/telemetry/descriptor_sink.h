#pragma once

// A spdlog sink that writes whole batches of lines to a file descriptor.
//
// spdlog's own sinks copy through stdio and do not report how much was lost. This one is called
// only by the worker thread of the access log's pool.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <spdlog/sinks/sink.h>

#include "telemetry/descriptor_writer.h"

namespace penstock::telemetry {

class DescriptorSink final : public spdlog::sinks::sink {
 public:
  explicit DescriptorSink(std::shared_ptr<DescriptorWriter> writer) : writer_(std::move(writer)) {}

  // Batches given to log() so far, written or not; any thread.
  std::uint64_t batches_done() const { return batches_done_.load(std::memory_order_acquire); }
  // Of all writers, as in DescriptorWriter; any thread.
  std::uint64_t lines_lost() const { return lines_lost_.load(std::memory_order_relaxed); }
  void give_up_after(std::chrono::milliseconds patience) { current()->give_up_after(patience); }

  // The following batches go to `writer`. One that is being written is finished where it is,
  // within `patience` if its reader has stopped. Any thread.
  void switch_to(std::shared_ptr<DescriptorWriter> writer, std::chrono::milliseconds patience) {
    {
      const std::lock_guard lock(mutex_);
      writer_.swap(writer);
    }
    writer->give_up_after(patience);
  }

  // The payload is one or more whole lines, including the last line feed.
  void log(const spdlog::details::log_msg& message) override {
    const std::shared_ptr<DescriptorWriter> writer = current();
    const std::uint64_t lost_before = writer->lines_lost();
    writer->write_lines({message.payload.data(), message.payload.size()});
    lines_lost_.fetch_add(writer->lines_lost() - lost_before, std::memory_order_relaxed);
    batches_done_.fetch_add(1, std::memory_order_release);
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  std::shared_ptr<DescriptorWriter> current() {
    const std::lock_guard lock(mutex_);
    return writer_;
  }

  std::mutex mutex_;  // of writer_; never held while it writes
  std::shared_ptr<DescriptorWriter> writer_;
  std::atomic<std::uint64_t> lines_lost_{0};
  std::atomic<std::uint64_t> batches_done_{0};
};

}  // namespace penstock::telemetry
