#pragma once

// The access log: one JSON line for each request, written when its exchange has ended.
//
// AccessLog owns the output and a spdlog thread pool of one worker that writes to it. Each io
// thread has an AccessLogShard, formats its lines there into a batch, and hands whole batches over;
// no io thread ever waits for the output. Where the output is slower than the server,
// kBatchesWaitingMax batches wait and further ones are dropped and counted, line by line.
//
// A line never holds a key of the operator's, a body, or the query of a URL. Its fields stand in
// docs/metrics.md; a field whose value is not known is left out.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "core/result.h"
#include "core/secret_guard.h"
#include "telemetry/labels.h"
#include "telemetry/timestamp.h"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace penstock::telemetry {

class DescriptorSink;

// What is known of an exchange at its end. The texts are views: they need to live only during
// AccessLogShard::write. Empty texts and zero statuses are left out of the line.
struct AccessRecord {
  WallTime time{};  // the request's arrival
  std::string_view request_id;
  std::string_view principal;  // who asked; never the key
  std::string_view method;
  std::string_view route;
  std::string_view path;   // a query is cut off here, if there is one
  std::string_view model;  // as it was asked for
  std::string_view provider;
  std::string_view upstream_model;  // as it was sent on
  std::string_view peer;            // the client's address
  int status = 0;                   // what the client was told
  int upstream_status = 0;
  Ending ending = Ending::kCompleted;
  std::optional<ErrorKind> error;
  bool stream = false;
  bool reused_connection = false;  // the last attempt's; written where there was an attempt
  std::uint32_t attempts = 0;
  std::uint64_t bytes_in = 0;   // of the request's body
  std::uint64_t bytes_out = 0;  // of the answer's body
  std::chrono::microseconds duration{};
  std::optional<std::chrono::microseconds> first_byte;  // since arrival
  std::optional<std::chrono::microseconds> connect;     // the last attempt's, where one was made
  std::optional<std::uint64_t> prompt_tokens;
  std::optional<std::uint64_t> completion_tokens;
  std::optional<std::uint64_t> total_tokens;
};

class AccessLog {
 public:
  // 8 MiB at most wait to be written.
  static constexpr std::size_t kBatchesWaitingMax = 256;
  // How long the destructor waits for an output that takes nothing.
  static constexpr std::chrono::milliseconds kClosePatience{1000};

  // `target` is "stdout", "stderr", "off", or the path of a file, to which lines are appended and
  // which is created with mode 0640 where it is missing. Fails where the file cannot be opened.
  static Result<std::unique_ptr<AccessLog>> open(const std::string& target);

  // All shards must be gone. Writes what waits.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  bool is_on() const { return logger_ != nullptr; }

  // Lines lost since the start: dropped because too many waited, or not written because the output
  // failed. Any thread.
  std::uint64_t dropped_lines() const;

 private:
  friend class AccessLogShard;

  AccessLog() = default;
  void start(std::shared_ptr<DescriptorSink> sink);
  // Any thread. `batch` is `lines` whole lines.
  void hand_over(std::string_view batch, std::uint64_t lines);

  std::shared_ptr<DescriptorSink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> logger_;
  std::atomic<std::uint64_t> batches_given_{0};
  std::atomic<std::uint64_t> lines_dropped_{0};
};

// One io thread's front of the log. write() formats and copies, about half a microsecond, and
// allocates nothing; a hand-over allocates once for about a hundred lines.
class AccessLogShard {
 public:
  static constexpr std::size_t kBatchBytes = 32 * 1024;

  // `log`, and `secrets`, which are masked in every line, must outlive the shard. Null: none.
  explicit AccessLogShard(AccessLog& log, const SecretGuard* secrets = nullptr);
  // Flushes.
  ~AccessLogShard() { flush(); }
  AccessLogShard(const AccessLogShard&) = delete;
  AccessLogShard& operator=(const AccessLogShard&) = delete;

  // Adds a line, and hands the batch over where it has reached kBatchBytes.
  void write(const AccessRecord& record);

  // Hands over what there is. The owner calls it from a timer, so that no line waits long.
  void flush();

 private:
  AccessLog& log_;
  const SecretGuard* secrets_;
  std::unique_ptr<char[]> batch_;  // nothing where the log is off
  std::size_t batch_bytes_ = 0;
  std::uint64_t batch_lines_ = 0;
  Timestamp timestamp_;
};

}  // namespace penstock::telemetry
