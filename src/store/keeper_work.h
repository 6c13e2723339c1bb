#pragma once

// Keeper::Work: what the store's thread does and shares with everybody else (store/keeper.h). It
// lives until both have ended, as the disk may block the thread for longer than the process waits.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/keeper.h"

namespace penstock::store {

class Keeper::Work {
 public:
  Work(Open open, const Options& options, telemetry::Log* log)
      : options_(options), log_(log), open_(std::move(open)) {}

  // On the store's thread, until end().
  void run();

  // On any other.
  void record(std::vector<UsageRow>&& rows);
  Status queue(Question question);
  void set_spent(SpentNow spent_now);
  Counts counts() const;
  // Lets run() finish; waits for that for at most `end_time`.
  void end();

 private:
  using Time = std::chrono::steady_clock::time_point;

  // What the thread is woken for.
  struct Turn {
    std::deque<Question> questions;
    std::optional<Time> ends;  // nullopt: it goes on
  };

  Turn wait();
  void answer(std::deque<Question>& questions, bool is_ending);
  // What is due: opening, a batch, a checkpoint. Stops at the first that fails.
  void do_due(Time now, bool is_ending);
  Status open_store();
  void take_batch();
  Status write_batch();
  Status save_spent();
  void has_failed(const Error& error, Time now);
  void has_worked();
  void tell(telemetry::LogLevel level, const std::string& message);

  const Options options_;

  mutable std::mutex mutex_;  // of what follows, held for moments only
  std::condition_variable changed_;
  std::deque<UsageRow> rows_;
  std::deque<Question> questions_;
  Counts counts_;               // without rows_waiting
  std::size_t rows_taken_ = 0;  // by the thread, and not written yet
  std::uint64_t recorded_ = 0;  // rows since the start, with those that were dropped
  std::optional<Time> ends_;
  bool has_ended_ = false;

  std::mutex outside_mutex_;  // of what others own: held while it is used
  SpentNow spent_now_;
  telemetry::Log* log_;

  // Of the thread alone.
  Open open_;
  std::unique_ptr<Store> store_;
  std::uint64_t sequence_base_ = 0;  // of the rows of earlier processes
  std::vector<UsageRow> batch_;
  bool has_more_rows_ = false;
  bool is_ending_ = false;
  bool is_final_saved_ = false;
  Checkpoint saved_;
  Time next_batch_{};
  Time next_checkpoint_{};
  Time next_try_{};
  std::chrono::milliseconds retry_{0};  // 0: the last try has not failed
};

}  // namespace penstock::store
