#pragma once

// A spdlog sink that writes whole batches of lines to a file descriptor.
//
// spdlog's own sinks copy through stdio and do not report how much was lost. This one is called
// only by the worker thread of the access log's pool.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <spdlog/sinks/sink.h>

#include "telemetry/descriptor_writer.h"

namespace penstock::telemetry {

class DescriptorSink final : public spdlog::sinks::sink {
 public:
  DescriptorSink(int descriptor, CloseDescriptor close) : writer_(descriptor, close) {}

  // Batches given to log() so far, written or not; any thread.
  std::uint64_t batches_done() const { return batches_done_.load(std::memory_order_acquire); }
  // As in DescriptorWriter; any thread.
  std::uint64_t lines_lost() const { return writer_.lines_lost(); }
  void give_up_after(std::chrono::milliseconds patience) { writer_.give_up_after(patience); }

  // The payload is one or more whole lines, including the last line feed.
  void log(const spdlog::details::log_msg& message) override {
    writer_.write_lines({message.payload.data(), message.payload.size()});
    batches_done_.fetch_add(1, std::memory_order_release);
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  DescriptorWriter writer_;
  std::atomic<std::uint64_t> batches_done_{0};
};

}  // namespace penstock::telemetry
