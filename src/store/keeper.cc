#include "store/keeper.h"

#include "store/keeper_work.h"

namespace penstock::store {

using std::chrono::steady_clock;

// --- The thread ----------------------------------------------------------------------------------

void Keeper::Work::run() {
  for (;;) {
    Turn turn = wait();
    is_ending_ = turn.ends.has_value();
    const Time now = steady_clock::now();
    const bool may_try = now >= next_try_;
    // A question deserves an answer about now, not about the last try.
    if (store_ == nullptr && may_try) do_due(now, false);
    answer(turn.questions, is_ending_);
    if (store_ != nullptr && may_try) do_due(steady_clock::now(), is_ending_);
    if (!is_ending_) continue;
    const bool has_nothing_left = batch_.empty() && !has_more_rows_ && is_final_saved_;
    if (store_ == nullptr || has_nothing_left || steady_clock::now() >= *turn.ends) break;
  }
  store_.reset();
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  counts_.rows_dropped += rows_.size() + rows_taken_;
  rows_taken_ = 0;
  rows_.clear();
  for (Question& each : questions_) {
    each(failure(Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down")));
  }
  questions_.clear();
  changed_.notify_all();
}

Keeper::Work::Turn Keeper::Work::wait() {
  std::unique_lock lock(mutex_);
  Time until = std::min(next_batch_, next_checkpoint_);
  if (has_more_rows_) until = Time::min();
  if (retry_.count() > 0 || store_ == nullptr) until = next_try_;
  if (ends_ && retry_.count() == 0) until = Time::min();
  if (ends_) until = std::min(until, *ends_);
  changed_.wait_until(lock, until,
                      [this] { return !questions_.empty() || ends_.has_value() != is_ending_; });
  Turn turn;
  turn.questions.swap(questions_);
  turn.ends = ends_;
  return turn;
}

void Keeper::Work::answer(std::deque<Question>& questions, bool is_ending) {
  for (Question& each : questions) {
    if (is_ending) {
      each(failure(Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down")));
    } else if (store_ != nullptr) {
      each(store_.get());
    } else {
      each(failure(Error::gateway(ErrorKind::kStoreUnavailable, counts().last_failure)));
    }
  }
}

void Keeper::Work::do_due(Time now, bool is_ending) {
  if (store_ == nullptr) {
    Status opened = open_store();
    if (!opened) return has_failed(opened.error(), now);
    has_worked();
  }
  const bool is_batch_due = is_ending || has_more_rows_ || now >= next_batch_;
  if (is_batch_due) {
    next_batch_ = now + options_.rows_interval;
    take_batch();
    if (!batch_.empty()) {
      Status written = write_batch();
      if (!written) return has_failed(written.error(), now);
      has_worked();
    }
  }
  if (now < next_checkpoint_ && !(is_ending && !has_more_rows_)) return;
  Status saved = save_spent();
  if (!saved) return has_failed(saved.error(), now);
  has_worked();
  next_checkpoint_ = now + options_.checkpoint_interval;
  is_final_saved_ = is_ending && !has_more_rows_;
}

Status Keeper::Work::open_store() {
  Result<std::unique_ptr<Store>> opened = open_();
  if (!opened) return failure(std::move(opened.error()));
  const Result<std::uint64_t> last = (*opened)->last_sequence();
  if (!last) return failure(last.error());
  sequence_base_ = *last;
  store_ = std::move(*opened);
  return {};
}

// What has failed is tried again as it is.
void Keeper::Work::take_batch() {
  const std::lock_guard lock(mutex_);
  if (batch_.empty()) {
    const std::size_t count = std::min(rows_.size(), options_.rows_together);
    for (std::size_t i = 0; i < count; ++i) {
      batch_.push_back(std::move(rows_.front()));
      batch_.back().sequence += sequence_base_;
      rows_.pop_front();
    }
    rows_taken_ = count;
  }
  has_more_rows_ = !rows_.empty();
}

Status Keeper::Work::write_batch() {
  Status written = store_->append(batch_);
  if (!written) return written;
  const std::lock_guard lock(mutex_);
  counts_.rows_written += batch_.size();
  rows_taken_ = 0;
  batch_.clear();
  return {};
}

Status Keeper::Work::save_spent() {
  Checkpoint checkpoint;
  {
    const std::lock_guard lock(mutex_);
    checkpoint.through = sequence_base_ + recorded_;
  }
  // Both before the amounts: what they do not include counts as of after them.
  checkpoint.as_of =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  {
    const std::lock_guard lock(outside_mutex_);
    if (spent_now_) checkpoint.spent = spent_now_();
  }
  const bool is_same = checkpoint.spent == saved_.spent && checkpoint.through == saved_.through;
  if (checkpoint.spent.empty() || is_same) return {};
  Status saved = store_->checkpoint(checkpoint);
  if (saved) saved_ = std::move(checkpoint);
  return saved;
}

void Keeper::Work::has_failed(const Error& error, Time now) {
  const bool is_first = retry_.count() == 0;
  retry_ = is_first ? options_.first_retry : std::min(2 * retry_, options_.last_retry);
  next_try_ = now + retry_;
  {
    const std::lock_guard lock(mutex_);
    counts_.state = State::kFailing;
    ++counts_.failures;
    counts_.last_failure = error.message;
  }
  if (is_first) {
    tell(telemetry::LogLevel::kError,
         "the store cannot be used, and is tried again: " + error.message);
  }
}

void Keeper::Work::has_worked() {
  const bool has_recovered = retry_.count() > 0;
  retry_ = std::chrono::milliseconds(0);
  next_try_ = Time{};
  {
    const std::lock_guard lock(mutex_);
    counts_.state = State::kUsable;
  }
  if (has_recovered) tell(telemetry::LogLevel::kInfo, "the store can be used again");
}

void Keeper::Work::tell(telemetry::LogLevel level, const std::string& message) {
  const std::lock_guard lock(outside_mutex_);
  if (log_ == nullptr) return;
  if (level == telemetry::LogLevel::kError) {
    log_->error(message);
  } else {
    log_->info(message);
  }
}

// --- The others ----------------------------------------------------------------------------------

// Wakes nobody, which would be a system call: the thread looks for rows by itself.
void Keeper::Work::record(std::vector<UsageRow>&& rows) {
  const std::lock_guard lock(mutex_);
  for (UsageRow& row : rows) {
    row.sequence = ++recorded_;
    if (has_ended_ || rows_.size() + rows_taken_ >= options_.rows_waiting_max) {
      ++counts_.rows_dropped;
    } else {
      rows_.push_back(std::move(row));
    }
  }
}

Status Keeper::Work::queue(Question question) {
  const std::lock_guard lock(mutex_);
  if (ends_) {
    return failure(Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down"));
  }
  if (questions_.size() >= options_.questions_waiting_max) {
    ++counts_.questions_refused;
    return failure(
        Error::gateway(ErrorKind::kOverloaded, "too many questions to the store are waiting"));
  }
  questions_.push_back(std::move(question));
  changed_.notify_all();
  return {};
}

void Keeper::Work::set_spent(SpentNow spent_now) {
  const std::lock_guard lock(outside_mutex_);
  spent_now_ = std::move(spent_now);
}

Keeper::Counts Keeper::Work::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.rows_waiting = rows_.size() + rows_taken_;
  return counts;
}

void Keeper::Work::end() {
  std::unique_lock lock(mutex_);
  ends_ = steady_clock::now() + options_.end_time;
  changed_.notify_all();
  changed_.wait_until(lock, *ends_, [this] { return has_ended_; });
  lock.unlock();
  // A thread that the disk still blocks finds nothing of its owner's.
  const std::lock_guard outside(outside_mutex_);
  spent_now_ = nullptr;
  log_ = nullptr;
}

// --- Keeper --------------------------------------------------------------------------------------

Keeper::Keeper(Open open, Options options, telemetry::Log* log)
    : options_(options),
      work_(std::make_shared<Work>(std::move(open), options, log)),
      offload_({.work = "stores"}) {
  static_cast<void>(offload_.start([work = work_] { work->run(); }));
}

Keeper::~Keeper() {
  work_->end();
}

void Keeper::set_spent(SpentNow spent_now) {
  work_->set_spent(std::move(spent_now));
}

void Keeper::record(std::vector<UsageRow>&& rows) {
  work_->record(std::move(rows));
}

Status Keeper::queue(Question question) {
  return work_->queue(std::move(question));
}

Error Keeper::no_answer() {
  return Error::gateway(ErrorKind::kStoreUnavailable,
                        "the store does not answer in time; what was asked for may still happen");
}

Keeper::Counts Keeper::counts() const {
  return work_->counts();
}

}  // namespace penstock::store
