#pragma once

// The access log: one line for each request, as JSON or for people, written when its exchange has
// ended. Before it, a request along a model's route has a line for each attempt, if there is more
// to tell than success.
//
// AccessLog owns the output and a spdlog thread pool of one worker that writes to it. Each I/O
// thread has an AccessLogShard, formats its lines there into a batch, and hands over whole batches;
// no I/O thread ever waits for the output. If the output is slower than the server,
// kBatchesWaitingMax batches wait; further ones are dropped, and their lines counted.
//
// A line never contains an operator's key, a body, or the query of a URL. docs/metrics.md describes
// its fields; a field whose value is unknown is left out.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "core/secret_guard.h"
#include "telemetry/access_record.h"
#include "telemetry/timestamp.h"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace penstock::telemetry {

class DescriptorSink;

class AccessLog {
 public:
  // At most 8 MiB wait to be written.
  static constexpr std::size_t kBatchesWaitingMax = 256;
  // How long an output that is blocked is waited for, at the end and when another one follows it.
  static constexpr std::chrono::milliseconds kClosePatience{1000};

  enum class Format : std::uint8_t {
    kAuto,  // text on a terminal, else JSON
    kJson,
    kText,
  };
  struct Options {
    // "stdout", "stderr", "off", or the path of a file to append to, which is created with mode
    // 0640 if it is missing.
    std::string target;
    Format format = Format::kJson;
    // Of the text form; only a terminal ever gets any.
    TextLine::Colours colours = TextLine::Colours::kNo;
  };

  // Fails if the file cannot be opened.
  static Result<std::unique_ptr<AccessLog>> open(const Options& options);
  static Result<std::unique_ptr<AccessLog>> open(const std::string& target) {
    return open(Options{.target = target});
  }

  // All shards must have been destroyed. Writes what is queued.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Opens another output, or the same path again, whose file may have been renamed since: further
  // lines go there, and lines that are queued, too. No line is lost. If it fails, the log stays as
  // it was. After "off" the last output stays open, for the lines that shards still have. Any
  // thread.
  Status reopen(const Options& options);
  // The same path; nothing happens to stdout and stderr.
  Status reopen();

  bool is_on() const { return form_.load(std::memory_order_acquire) != Form::kOff; }

  // Lines lost since startup: dropped because too many waited, or not written because the output
  // failed. Any thread.
  std::uint64_t dropped_lines() const;
  // Counts lines that an earlier log has lost as this one's.
  void count_dropped(std::uint64_t lines) {
    lines_dropped_.fetch_add(lines, std::memory_order_relaxed);
  }

 private:
  friend class AccessLogShard;

  enum class Form : std::uint8_t { kOff, kJson, kText, kColouredText };
  // What "auto" and the terminal come to.
  static Form form_on(int descriptor, const Options& options);

  AccessLog() = default;
  void start(std::shared_ptr<DescriptorSink> sink);
  // Any thread. `batch` is `lines` whole lines.
  void hand_over(std::string_view batch, std::uint64_t lines);

  std::mutex mutex_;  // of options_, and of reopening
  Options options_;
  std::atomic<Form> form_{Form::kOff};
  std::atomic<bool> has_started_{false};
  // Set before the log is first on, and then never again.
  std::shared_ptr<DescriptorSink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> logger_;
  std::atomic<std::uint64_t> batches_given_{0};
  std::atomic<std::uint64_t> lines_dropped_{0};
};

// One I/O thread's part of the log. write() formats and copies, about half a microsecond, and
// allocates nothing; a hand-over allocates once for about a hundred lines.
class AccessLogShard {
 public:
  static constexpr std::size_t kBatchBytes = 32 * 1024;

  // `log`, and `secrets` (null: none), which are masked in every line, must outlive the shard.
  explicit AccessLogShard(AccessLog& log, const SecretGuard* secrets = nullptr);
  // Flushes.
  ~AccessLogShard() { flush(); }
  AccessLogShard(const AccessLogShard&) = delete;
  AccessLogShard& operator=(const AccessLogShard&) = delete;

  // Adds a line, and hands over the batch when it has reached kBatchBytes.
  void write(const AccessRecord& record);
  void write(const AttemptRecord& record);

  // Hands over the current batch. Called from a timer, so that no line waits long.
  void flush();

 private:
  template <class Record>
  void write_record(const Record& record);

  AccessLog& log_;
  const SecretGuard* secrets_;
  std::unique_ptr<char[]> batch_;  // null if the log has always been off
  std::size_t batch_bytes_ = 0;
  std::uint64_t batch_lines_ = 0;
  Timestamp timestamp_;
};

}  // namespace penstock::telemetry
