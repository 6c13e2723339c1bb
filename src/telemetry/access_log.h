#pragma once

// The access log: one JSON line for each request, written when its exchange has ended. Before it, a
// request along a model's route has a line for each attempt, if there is more to tell than success.
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
class JsonLine;

// What is known of an exchange at its end. The texts are views that need to live only during
// AccessLogShard::write. Empty texts and zero statuses are left out of the line.
struct AccessRecord {
  WallTime time{};  // the request's arrival
  std::string_view request_id;
  std::string_view principal;  // never the key
  std::string_view method;
  std::string_view route;
  std::string_view path;   // a query, if any, is cut off
  std::string_view model;  // as requested
  std::string_view provider;
  std::string_view upstream_model;  // as sent to the upstream
  std::string_view target;          // of a model's route: who has answered, `provider/model`
  bool fallback = false;            // another model answers; written if it does
  std::string_view peer;            // the client's address
  int status = 0;                   // the status sent to the client
  int upstream_status = 0;
  Ending ending = Ending::kCompleted;
  std::optional<ErrorKind> error;
  bool stream = false;
  bool reused_connection = false;  // the last attempt's; written if there was an attempt
  std::uint32_t attempts = 0;
  std::uint64_t bytes_in = 0;   // of the request's body
  std::uint64_t bytes_out = 0;  // of the answer's body
  std::chrono::microseconds duration{};
  std::optional<std::chrono::microseconds> first_byte;  // since arrival
  std::optional<std::chrono::microseconds> connect;     // the last attempt's, if it connected
  std::optional<std::uint64_t> prompt_tokens;
  std::optional<std::uint64_t> completion_tokens;
  std::optional<std::uint64_t> total_tokens;
  std::optional<std::uint64_t> cached_tokens;       // of the prompt
  std::optional<std::uint64_t> cache_write_tokens;  // of the prompt
  std::optional<std::uint64_t> reasoning_tokens;    // of the completion
};

// What is known of one attempt at a target of a model's route. The texts as of AccessRecord.
struct AttemptRecord {
  WallTime time{};  // its beginning
  std::string_view request_id;
  std::uint32_t attempt = 0;             // from 1 on
  std::string_view target;               // `provider/model`
  std::string_view outcome;              // `ok`, or the class of its failure
  int status = 0;                        // the upstream's
  std::chrono::microseconds duration{};  // to its first content or its failure
  std::chrono::microseconds wait{};      // before it
  // Of one that lost a race: what its answer had stated before it was stopped.
  std::optional<std::uint64_t> prompt_tokens;
  std::optional<std::uint64_t> completion_tokens;
};

class AccessLog {
 public:
  // At most 8 MiB wait to be written.
  static constexpr std::size_t kBatchesWaitingMax = 256;
  // How long the destructor waits for an output that is blocked.
  static constexpr std::chrono::milliseconds kClosePatience{1000};

  // `target` is "stdout", "stderr", "off", or the path of a file to append to, which is created
  // with mode 0640 if it is missing. Fails if the file cannot be opened.
  static Result<std::unique_ptr<AccessLog>> open(const std::string& target);

  // All shards must have been destroyed. Writes what is queued.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  bool is_on() const { return logger_ != nullptr; }

  // Lines lost since startup: dropped because too many waited, or not written because the output
  // failed. Any thread.
  std::uint64_t dropped_lines() const;
  // Counts lines that an earlier log has lost as this one's.
  void count_dropped(std::uint64_t lines) {
    lines_dropped_.fetch_add(lines, std::memory_order_relaxed);
  }

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
  JsonLine begin_line(WallTime time);
  void end_line(JsonLine& line);

  AccessLog& log_;
  const SecretGuard* secrets_;
  std::unique_ptr<char[]> batch_;  // null if the log is off
  std::size_t batch_bytes_ = 0;
  std::uint64_t batch_lines_ = 0;
  Timestamp timestamp_;
};

}  // namespace penstock::telemetry
