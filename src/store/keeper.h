#pragma once

// Keeper: owns the store and the one thread that uses it (a piece of work of an Offload that lasts
// as long as the keeper). No request waits for the store.
//
// - Questions (ask()) run on that thread, in order, and their answers come back to the asking loop.
// - Usage rows (record()) wait in a bounded queue and are written in batches. While the store
// fails,
//   they stay there and are tried again, at growing intervals. What finds no room is dropped and
//   counted: usage rows, never requests, and never what budgets have used.
// - What budgets have used is asked for once a second, and written if it has changed.
//
// The store is opened on that thread as well, and tried again: a server can start without it.
// Everything but the construction and the destruction may be called from any thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "net/deadline.h"
#include "net/event_loop.h"
#include "net/mailbox.h"
#include "net/offload.h"
#include "net/signal.h"
#include "net/wait.h"
#include "store/records.h"
#include "store/store.h"
#include "telemetry/log.h"

namespace penstock::store {

class Keeper {
 public:
  using Open = std::function<Result<std::unique_ptr<Store>>()>;
  // What budgets have used at this moment, on the store's thread: see Checkpoint::spent. Waits for
  // nothing that waits for the store.
  using SpentNow = std::function<std::vector<Spent>()>;

  struct Options {
    std::size_t rows_waiting_max = 10'000;
    std::size_t rows_together = 500;  // in a transaction
    // How long a row waits to be written with others.
    std::chrono::milliseconds rows_interval{200};
    std::chrono::milliseconds checkpoint_interval{1'000};
    // Until what has failed is tried again: doubled each time, up to the last.
    std::chrono::milliseconds first_retry{200};
    std::chrono::milliseconds last_retry{5'000};
    std::size_t questions_waiting_max = 256;
    // How long an answer is waited for.
    std::chrono::milliseconds answer_time{15'000};
    // How long the end may take, to write what waits.
    std::chrono::milliseconds end_time{5'000};
  };

  enum class State : std::uint8_t {
    kOpening,  // it has not been opened yet, and has not failed
    kUsable,
    kFailing,  // the last thing that the keeper has tried has failed
  };

  // For metrics.
  struct Counts {
    State state = State::kOpening;
    std::uint64_t rows_written = 0;
    std::uint64_t rows_dropped = 0;  // for want of room
    std::size_t rows_waiting = 0;
    std::uint64_t failures = 0;  // of openings, batches and checkpoints
    std::uint64_t questions_refused = 0;
    std::string last_failure;  // the message; empty: there was none
  };

  // What a function returns that asks the store: a Result.
  template <class Function>
  using Answer = std::invoke_result_t<Function&, Store&>;

  // `log` (null: none) is told when the store begins and ends to fail, and must outlive the keeper.
  Keeper(Open open, Options options, telemetry::Log* log);
  // Writes the rows that wait and a last checkpoint, for at most `end_time`. Questions that wait
  // are answered with kShuttingDown.
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // From now on; null: nothing, and whoever gave one before is not asked any more when this
  // returns.
  void set_spent(SpentNow spent_now);

  // Rows of requests that have ended. To be called right after their charges have been settled, so
  // that a checkpoint includes them: what is settled and not yet recorded counts twice after a
  // crash. Never blocks on the disk, and makes no system call. Sets the rows' sequences.
  void record(std::vector<UsageRow>&& rows);

  // Calls `function` with the store on the store's thread, and gives back what it returns, on the
  // thread of `loop`. Fails with kOverloaded if too many questions wait, kStoreUnavailable if the
  // store could not be opened or there is no answer in time (what was asked for may still happen),
  // kCancelled if `cancel` is raised. `function` owns what it uses; name it on the line above, as
  // core/task.h says of lambdas.
  template <class Function>
  Task<Answer<Function>> ask(net::EventLoop& loop, net::Signal& cancel, Function function) {
    std::optional<Answer<Function>> answer;
    net::Signal answered;
    net::Mailbox mailbox(loop);
    Question question = [asked = std::make_shared<Function>(std::move(function)),
                         home = mailbox.address(), &answer, &answered](Result<Store*> store) {
      auto told = std::make_shared<Answer<Function>>(answer_of(*asked, std::move(store)));
      home.post([told, &answer, &answered] {
        answer.emplace(std::move(*told));
        answered.raise();
      });
    };
    Status queued = queue(std::move(question));
    if (!queued) co_return failure(std::move(queued.error()));
    net::Deadline deadline(loop);
    deadline.set(loop.now() + options_.answer_time);
    const net::Woken woken = co_await net::wait_any(loop, &deadline, answered, cancel);
    if (woken.by(answered)) co_return std::move(*answer);
    co_return failure(woken.timed_out() ? no_answer() : Error::cancelled());
  }
  template <class Function>
  Task<Answer<Function>> ask(net::EventLoop& loop, Function function) {
    net::Signal never;
    Task<Answer<Function>> asked = ask(loop, never, std::move(function));
    co_return co_await asked;
  }

  // The same for a thread without a loop, which waits: a start, a command, a test.
  template <class Function>
  Answer<Function> ask_and_wait(Function function) {
    auto promise = std::make_shared<std::promise<Answer<Function>>>();
    std::future<Answer<Function>> answer = promise->get_future();
    Status queued = queue(
        [promise, asked = std::make_shared<Function>(std::move(function))](Result<Store*> store) {
          promise->set_value(answer_of(*asked, std::move(store)));
        });
    if (!queued) return failure(std::move(queued.error()));
    if (answer.wait_for(options_.answer_time) == std::future_status::ready) return answer.get();
    return failure(no_answer());
  }

  Counts counts() const;

 private:
  class Work;
  // Is called once, on the store's thread.
  using Question = std::function<void(Result<Store*>)>;

  template <class Function>
  static Answer<Function> answer_of(Function& function, Result<Store*> store) {
    if (!store) return failure(std::move(store.error()));
    return function(**store);
  }
  static Error no_answer();
  Status queue(Question question);

  const Options options_;
  std::shared_ptr<Work> work_;  // shared with the thread
  net::Offload offload_;
};

}  // namespace penstock::store
