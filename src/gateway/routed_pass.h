#pragma once

// RoutedPass: passes a request to the targets of a model's route, one after the other, until one
// answers.
//
// This is the one loop of attempts for all APIs, and for whole and streamed answers. What follows a
// failure is the Plan's decision (routing/plan.h); a route that cannot serve the request may lead
// to other models (ModelRoute::Fallbacks). The client gets one answer: that of the attempt whose
// content comes first, else the last upstream's.

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "gateway/choose.h"
#include "gateway/fallback_models.h"
#include "gateway/passed_request.h"
#include "gateway/request_affinity.h"
#include "gateway/stripped_request.h"
#include "gateway/target_attempt.h"
#include "routing/plan.h"
#include "routing/router.h"

namespace penstock::gateway {

// What the request asks of a route's plan.
routing::Asked asked_of(const PassedRequest& request, const RequestAffinity& affinity);

class RoutedPass {
 public:
  // Along the route that was chosen. Errors: as of pass(). `other` is set, and nothing has been
  // answered, if a fallback without a route is to answer: its provider alone serves it. A coroutine
  // that holds the pass, so that a request without a route has no memory for it; all of it outlives
  // the task.
  static Task<Status> run(const PassedRequest& request, const Choice& choice,
                          std::optional<models::Catalog::Target>& other);

 private:
  RoutedPass(const PassedRequest& request, routing::Chooser& chooser,
             const routing::ModelRoute& route);
  RoutedPass(const RoutedPass&) = delete;
  RoutedPass& operator=(const RoutedPass&) = delete;

  // How the attempts along one route have ended.
  struct RouteEnd {
    routing::Verdict verdict = routing::Verdict::kNext;  // of the last failure
    std::optional<routing::Step::Why> why = {};          // no other attempt followed
    std::optional<SteadyTime> usable_at = {};
  };
  // Where the request goes after a failure.
  enum class Goes : bool { kOn, kElsewhere };
  // Whether an answer's success has been told to its target before it was sent.
  enum class Counted : bool { kNo, kYes };
  enum class Raced : bool { kNo, kYes };

  void go_along(const routing::ModelRoute& route);
  void make_plan(const routing::ModelRoute& route);
  routing::Step next_step();
  void leave_route();
  Task<Status> wait(const routing::Step& step);
  TargetAttempt& begin(routing::Lease lease);
  TargetAttempt& begin(routing::Lease lease, Raced raced);
  Task<TargetAttempt*> race(TargetAttempt& first);
  Task<TargetAttempt*> first_ready(TargetAttempt& first, TargetAttempt* second);
  void note_loss(TargetAttempt& attempt);
  Goes note_failure(TargetAttempt& attempt);
  Counted note_start(TargetAttempt& attempt);
  void note_end(TargetAttempt& attempt, const Status& relayed, Counted counted);
  void note_what_remains(TargetAttempt& attempt);
  Task<Status> give_up();

  // Whether the key permits it.
  bool may_go_to(const Fallback& fallback) const;
  bool may_leave_pin() const;
  bool leave_pin();
  bool strip_sealed_items();
  bool is_pinned_down() const;
  Error pinned_unavailable() const;
  bool may_hedge() const;
  routing::Repeatable may_be_sent_again(TargetAttempt& attempt) const;
  bool is_repeatable(const TargetAttempt& attempt) const;
  void tell(const TargetAttempt& attempt);
  void tell_when_to_retry();
  const PassedRequest& sent() const { return stripped_ ? stripped_->request() : request_; }
  SteadyTime now() const { return request_.exchange.loop().now(); }
  // The time of the whole request has passed.
  bool is_over() const { return now() >= request_.exchange.facts().deadline; }

  const PassedRequest& request_;
  routing::Chooser& chooser_;
  const SteadyTime last_begin_;  // of an attempt
  FallbackModels models_;
  std::optional<models::Catalog::Target> other_;  // that is to answer instead
  // Along the route that is tried.
  RequestAffinity affinity_;
  const routing::Target* avoided_ = nullptr;  // a pin that was left
  bool pin_is_left_ = false;
  std::size_t asked_before_ = 0;  // targets, before this route's
  RouteEnd end_;
  std::optional<std::chrono::milliseconds> race_after_;  // a second attempt, beside the present
  std::optional<routing::Plan> plan_;                    // none: nothing more is tried
  std::optional<routing::PlaceWaiter> waiter_;
  std::unique_ptr<StrippedRequest> stripped_;         // what is sent instead; null: the request
  std::optional<TargetAttempt> first_;                // nearly every request has one
  std::vector<std::unique_ptr<TargetAttempt>> more_;  // the further ones
  TargetAttempt* last_ = nullptr;                     // the last that failed
  std::chrono::nanoseconds waited_{0};                // since the last attempt
  std::optional<SteadyTime> cooled_at_;               // the earliest, of the models tried
};

}  // namespace penstock::gateway
