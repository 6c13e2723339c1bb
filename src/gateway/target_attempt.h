#pragma once

// TargetAttempt: one attempt at one target of a model's route, until its answer can be sent or the
// attempt has failed.
//
// It reads an upstream's error to its end, and holds the start of an answer (answer_hold.h), so
// that the next attempt can take its place. Nothing of it has reached the client.

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "gateway/answer_hold.h"
#include "gateway/ask_upstream.h"
#include "gateway/attempt_scope.h"
#include "gateway/passed_request.h"
#include "gateway/upstream_answer.h"
#include "net/deadline.h"
#include "net/signal.h"
#include "routing/failure.h"
#include "routing/router.h"
#include "routing/target.h"

namespace penstock::gateway {

class TargetAttempt {
 public:
  struct Options {
    config::AttemptTimeouts timeouts;
    bool holds = false;                  // another target is left
    bool is_raced = false;               // another attempt may run at the same time
    bool is_hurried = false;             // the client has shortened a limit
    std::chrono::nanoseconds waited{0};  // before it
  };
  // All of it outlives the attempt.
  TargetAttempt(const PassedRequest& request, const routing::ModelRoute& route,
                routing::Lease lease, const Options& options);
  TargetAttempt(const TargetAttempt&) = delete;
  TargetAttempt& operator=(const TargetAttempt&) = delete;

  // The attempt, once, in this order. It ends when the answer can be sent, or with a failure. What
  // every attempt needs is no coroutine of its own: ask() hands on the task of the request.
  //
  // Fails if a further model of the body is not the provider's: then nothing is asked.
  Status prepare();
  Task<Status> ask();
  enum class Left : bool { kNothing, kMore };
  Left take(Status asked);
  // If more is left.
  Task<void> take_more();

  // All of it for an attempt that is raced, whose exception is kept for rethrow().
  Task<void> run_raced();
  void rethrow() const;
  // Raised when the attempt has ended.
  net::Signal& ended() { return ended_; }
  // Ends it soon, as cancelled. Of one that is raced.
  void stop() { stop_.raise(); }

  // It runs beside another one that is slow.
  void is_hedge() { facts_.is_hedge = true; }

  bool is_ready() const { return ended_.raised() && !failure_; }
  // Its answer is not sent: the upstream need not go on with it.
  void drop_answer();
  // Before the relay of the answer of one that was raced: it ends with the client.
  void has_won();

  // Another one's content came first.
  void has_lost();
  // Its answer broke off after it had begun.
  void broke_off();

  std::optional<routing::FailureClass> failure_class() const { return failure_; }
  // The answer's first content has been seen.
  bool has_content() const { return has_content_; }
  // How long the answer asks to be left alone, if it does.
  std::optional<std::chrono::nanoseconds> told() const { return told_; }
  // Of a failure without an answer.
  const std::optional<Error>& error() const { return error_; }
  // The upstream's answer, which a failure may have, too.
  UpstreamAnswer* answer() { return asked_.answer ? &*asked_.answer : nullptr; }

  // The request carried a key of the caller's.
  // Its upstream has said that the same request need not come back.
  bool forbids_repetition();
  bool has_callers_key() const;

  routing::Lease& lease() { return lease_; }
  const routing::ModelRoute& route() const { return route_; }
  const config::RouteTarget& target() const { return target_; }

 private:
  void take_refusal(Status read);
  Status begin_answer();
  bool holds_start() const;
  void end_hold(Status held);
  void end();
  SteadyTime content_until() const;
  void fail(Error error, routing::AttemptPhase phase);
  void refuse(int status, std::string_view text);
  bool is_callers_doing() const;
  void tell_of_upstream() const;

  const PassedRequest& request_;
  const routing::ModelRoute& route_;
  routing::Lease lease_;
  const config::RouteTarget& target_;
  const Options options_;
  TargetAttemptFacts& facts_;
  net::Signal stop_;
  net::Deadline deadline_;
  AttemptScope scope_;
  std::vector<std::string> further_models_;
  AttemptTarget asked_target_;
  Asked asked_;
  std::optional<AnswerHold> hold_;
  net::Signal ended_;
  bool has_content_ = false;
  std::optional<routing::FailureClass> failure_;
  std::optional<std::chrono::nanoseconds> told_;
  std::optional<Error> error_;
  std::exception_ptr exception_;
};

}  // namespace penstock::gateway
