#include "telemetry/access_log.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>

#include <span>
#include <system_error>

#include "telemetry/descriptor_sink.h"
#include "telemetry/json_line.h"

namespace penstock::telemetry {
namespace {

// The maximum of a line: 13 texts, 17 numbers and flags, and 32 bytes for each key.
constexpr std::size_t kLineBytesMax =
    13 * (JsonLine::kTextBytesMax + 32) + 17 * (JsonLine::kNumberBytesMax + 32) + 64;

// Several threads may find the last free place in hand_over() together; there is room for all.
constexpr std::size_t kQueueSlots = 2 * AccessLog::kBatchesWaitingMax;

// Signals are for the threads that expect them; here, a reader that is gone is an error of write().
void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

template <std::size_t Size>
void text_if_any(JsonLine& line, const char (&key)[Size], std::string_view value) {
  if (!value.empty()) line.text(key, value);
}

template <std::size_t Size>
void number_if_any(JsonLine& line, const char (&key)[Size], std::optional<std::uint64_t> value) {
  if (value) line.number(key, *value);
}

template <std::size_t Size>
void status_if_any(JsonLine& line, const char (&key)[Size], int status) {
  if (status > 0) line.number(key, static_cast<std::uint64_t>(status));
}

std::string_view without_query(std::string_view path) {
  return path.substr(0, path.find_first_of("?#"));
}

void write_members(JsonLine& line, const AccessRecord& record) {
  text_if_any(line, "request_id", record.request_id);
  text_if_any(line, "principal", record.principal);
  text_if_any(line, "peer", record.peer);
  text_if_any(line, "method", record.method);
  text_if_any(line, "route", record.route);
  text_if_any(line, "path", without_query(record.path));
  text_if_any(line, "model", record.model);
  text_if_any(line, "provider", record.provider);
  text_if_any(line, "upstream_model", record.upstream_model);
  text_if_any(line, "target", record.target);
  if (record.fallback) line.boolean("fallback", true);
  status_if_any(line, "status", record.status);
  status_if_any(line, "upstream_status", record.upstream_status);
  line.text("ending", name_of(record.ending));
  if (record.error) line.text("error", name_of(*record.error));
  line.boolean("stream", record.stream);
  line.number("bytes_in", record.bytes_in);
  line.number("bytes_out", record.bytes_out);
  line.milliseconds("duration_ms", record.duration);
  if (record.first_byte) line.milliseconds("first_byte_ms", *record.first_byte);
  if (record.connect) line.milliseconds("connect_ms", *record.connect);
  line.number("attempts", record.attempts);
  if (record.attempts > 0) line.boolean("reused_connection", record.reused_connection);
  number_if_any(line, "prompt_tokens", record.prompt_tokens);
  number_if_any(line, "completion_tokens", record.completion_tokens);
  number_if_any(line, "total_tokens", record.total_tokens);
  number_if_any(line, "cached_tokens", record.cached_tokens);
  number_if_any(line, "cache_write_tokens", record.cache_write_tokens);
  number_if_any(line, "reasoning_tokens", record.reasoning_tokens);
}

void write_members(JsonLine& line, const AttemptRecord& record) {
  text_if_any(line, "request_id", record.request_id);
  line.number("attempt", record.attempt);
  text_if_any(line, "target", record.target);
  text_if_any(line, "class", record.outcome);
  status_if_any(line, "status", record.status);
  line.milliseconds("duration_ms", record.duration);
  line.milliseconds("wait_ms", record.wait);
  number_if_any(line, "prompt_tokens", record.prompt_tokens);
  number_if_any(line, "completion_tokens", record.completion_tokens);
}

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& target) {
  std::unique_ptr<AccessLog> log(new AccessLog);
  if (target == "off") return log;
  if (target == "stdout") {
    log->start(std::make_shared<DescriptorSink>(STDOUT_FILENO, CloseDescriptor::kNo));
  } else if (target == "stderr") {
    log->start(std::make_shared<DescriptorSink>(STDERR_FILENO, CloseDescriptor::kNo));
  } else {
    // Non-blocking, so that a named pipe without a reader is an error and does not block.
    const int descriptor =
        ::open(target.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
               S_IRUSR | S_IWUSR | S_IRGRP);
    if (descriptor < 0) {
      return failure(
          Error::gateway(ErrorKind::kInternal, "the access log cannot be written to " + target +
                                                   ": " + std::generic_category().message(errno)));
    }
    log->start(std::make_shared<DescriptorSink>(descriptor, CloseDescriptor::kYes));
  }
  return log;
}

void AccessLog::start(std::shared_ptr<DescriptorSink> sink) {
  sink_ = std::move(sink);
  pool_ = std::make_shared<spdlog::details::thread_pool>(kQueueSlots, 1, block_all_signals);
  // overrun_oldest is the only policy of spdlog that never blocks. It cannot report how many lines
  // it drops, so hand_over() keeps the queue from ever being full.
  logger_ = std::make_shared<spdlog::async_logger>("access", sink_, pool_,
                                                   spdlog::async_overflow_policy::overrun_oldest);
}

AccessLog::~AccessLog() {
  if (sink_) sink_->give_up_after(kClosePatience);
  // Writes what is queued and joins the worker, which uses the logger and the sink until then.
  pool_.reset();
}

std::uint64_t AccessLog::dropped_lines() const {
  return lines_dropped_.load(std::memory_order_relaxed) + (sink_ ? sink_->lines_lost() : 0);
}

void AccessLog::hand_over(std::string_view batch, std::uint64_t lines) {
  // Read in this order, so that done can never be ahead of given.
  const std::uint64_t done = sink_->batches_done();
  const std::uint64_t waiting = batches_given_.load(std::memory_order_relaxed) - done;
  if (waiting >= kBatchesWaitingMax) {
    lines_dropped_.fetch_add(lines, std::memory_order_relaxed);
    return;
  }
  batches_given_.fetch_add(1, std::memory_order_relaxed);
  logger_->log(spdlog::level::info, spdlog::string_view_t(batch.data(), batch.size()));
}

AccessLogShard::AccessLogShard(AccessLog& log, const SecretGuard* secrets)
    : log_(log), secrets_(secrets) {
  if (log_.is_on()) batch_ = std::make_unique_for_overwrite<char[]>(kBatchBytes + kLineBytesMax);
}

void AccessLogShard::write(const AccessRecord& record) {
  if (!batch_) return;
  JsonLine line = begin_line(record.time);
  write_members(line, record);
  end_line(line);
}

void AccessLogShard::write(const AttemptRecord& record) {
  if (!batch_) return;
  JsonLine line = begin_line(record.time);
  write_members(line, record);
  end_line(line);
}

JsonLine AccessLogShard::begin_line(WallTime time) {
  JsonLine line(batch_.get() + batch_bytes_);
  line.text("time", timestamp_.text(time));
  return line;
}

void AccessLogShard::end_line(JsonLine& line) {
  const std::size_t begin = batch_bytes_;
  batch_bytes_ = static_cast<std::size_t>(line.finish() - batch_.get());
  if (secrets_ != nullptr) secrets_->mask({&batch_[begin], batch_bytes_ - begin});
  ++batch_lines_;
  if (batch_bytes_ >= kBatchBytes) flush();
}

void AccessLogShard::flush() {
  if (batch_lines_ == 0) return;
  log_.hand_over({batch_.get(), batch_bytes_}, batch_lines_);
  batch_bytes_ = 0;
  batch_lines_ = 0;
}

}  // namespace penstock::telemetry
