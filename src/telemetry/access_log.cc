#include "telemetry/access_log.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>

#include <span>
#include <system_error>

#include "telemetry/descriptor_sink.h"

namespace penstock::telemetry {
namespace {

// Several threads may find the last free place in hand_over() together; there is room for all.
constexpr std::size_t kQueueSlots = 2 * AccessLog::kBatchesWaitingMax;

// Signals are for the threads that expect them; here, a reader that is gone is an error of write().
void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

std::unique_ptr<char[]> new_batch() {
  return std::make_unique_for_overwrite<char[]>(AccessLogShard::kBatchBytes + kAccessLineBytesMax);
}

bool is_file(std::string_view target) {
  return target != "stdout" && target != "stderr" && target != "off";
}

// A descriptor to write to, and whether it is ours to close.
struct Output {
  int descriptor;
  CloseDescriptor close;
};

Result<Output> open_output(const std::string& target) {
  if (target == "stdout") return Output{STDOUT_FILENO, CloseDescriptor::kNo};
  if (target == "stderr") return Output{STDERR_FILENO, CloseDescriptor::kNo};
  // Non-blocking, so that a named pipe without a reader is an error and does not block.
  const int descriptor =
      ::open(target.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
             S_IRUSR | S_IWUSR | S_IRGRP);
  if (descriptor < 0) {
    return failure(
        Error::gateway(ErrorKind::kInternal, "the access log cannot be written to " + target +
                                                 ": " + std::generic_category().message(errno)));
  }
  return Output{descriptor, CloseDescriptor::kYes};
}

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const Options& options) {
  std::unique_ptr<AccessLog> log(new AccessLog);
  Status opened = log->reopen(options);
  if (!opened) return failure(std::move(opened.error()));
  return log;
}

AccessLog::Form AccessLog::form_on(int descriptor, const Options& options) {
  const bool is_terminal = ::isatty(descriptor) == 1;
  const bool is_text =
      options.format == Format::kText || (options.format == Format::kAuto && is_terminal);
  if (!is_text) return Form::kJson;
  const bool has_colours = is_terminal && options.colours == TextLine::Colours::kYes;
  return has_colours ? Form::kColouredText : Form::kText;
}

Status AccessLog::reopen(const Options& options) {
  const std::lock_guard lock(mutex_);
  if (options.target == "off") {
    form_.store(Form::kOff, std::memory_order_release);
  } else {
    Result<Output> output = open_output(options.target);
    if (!output) return failure(std::move(output.error()));
    auto writer = std::make_shared<DescriptorWriter>(output->descriptor, output->close);
    if (sink_) {
      sink_->switch_to(std::move(writer), kClosePatience);
    } else {
      start(std::make_shared<DescriptorSink>(std::move(writer)));
    }
    form_.store(form_on(output->descriptor, options), std::memory_order_release);
  }
  options_ = options;
  return {};
}

Status AccessLog::reopen() {
  Options options;
  {
    const std::lock_guard lock(mutex_);
    options = options_;
  }
  if (!is_file(options.target)) return {};
  return reopen(options);
}

void AccessLog::start(std::shared_ptr<DescriptorSink> sink) {
  sink_ = std::move(sink);
  pool_ = std::make_shared<spdlog::details::thread_pool>(kQueueSlots, 1, block_all_signals);
  // overrun_oldest is the only policy of spdlog that never blocks. It cannot report how many lines
  // it drops, so hand_over() keeps the queue from ever being full.
  logger_ = std::make_shared<spdlog::async_logger>("access", sink_, pool_,
                                                   spdlog::async_overflow_policy::overrun_oldest);
  has_started_.store(true, std::memory_order_release);
}

AccessLog::~AccessLog() {
  if (sink_) sink_->give_up_after(kClosePatience);
  // Writes what is queued and joins the worker, which uses the logger and the sink until then.
  pool_.reset();
}

std::uint64_t AccessLog::dropped_lines() const {
  if (!has_started_.load(std::memory_order_acquire)) return 0;
  return lines_dropped_.load(std::memory_order_relaxed) + sink_->lines_lost();
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
  if (log_.is_on()) batch_ = new_batch();
}

template <class Record>
void AccessLogShard::write_record(const Record& record) {
  using Form = AccessLog::Form;
  const Form form = log_.form_.load(std::memory_order_acquire);
  if (form == Form::kOff) return;
  if (!batch_) batch_ = new_batch();
  char* const begin = batch_.get() + batch_bytes_;
  const std::string_view time = timestamp_.text(record.time);
  const auto colours =
      form == Form::kColouredText ? TextLine::Colours::kYes : TextLine::Colours::kNo;
  char* const end = form == Form::kJson ? write_json_line(begin, time, record)
                                        : write_text_line(begin, time, record, colours);
  const auto bytes = static_cast<std::size_t>(end - begin);
  if (secrets_ != nullptr) secrets_->mask({begin, bytes});
  batch_bytes_ += bytes;
  ++batch_lines_;
  if (batch_bytes_ >= kBatchBytes) flush();
}

void AccessLogShard::write(const AccessRecord& record) {
  write_record(record);
}

void AccessLogShard::write(const AttemptRecord& record) {
  write_record(record);
}

void AccessLogShard::flush() {
  if (batch_lines_ == 0) return;
  log_.hand_over({batch_.get(), batch_bytes_}, batch_lines_);
  batch_bytes_ = 0;
  batch_lines_ = 0;
}

}  // namespace penstock::telemetry
