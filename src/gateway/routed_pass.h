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
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/task.h"
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
  // All of it outlives the pass.
  RoutedPass(const PassedRequest& request, routing::Chooser& chooser);
  RoutedPass(const RoutedPass&) = delete;
  RoutedPass& operator=(const RoutedPass&) = delete;

  // Errors: as of pass(). `other` is set, and nothing has been answered, if a fallback without a
  // route is to answer: its provider alone serves it.
  Task<Status> run(const routing::ModelRoute& route, std::optional<models::Catalog::Target>& other);

 private:
  // How the attempts of one route have ended.
  struct RouteEnd {
    // None if the client has an answer, or none can be given.
    std::optional<Status> done;
    routing::Verdict verdict = routing::Verdict::kNext;  // of the last failure
    std::optional<routing::Step::Why> why;               // no other attempt followed
    std::optional<SteadyTime> usable_at;
  };

  // Another model: along its route, or without one to the provider that serves it.
  struct Fallback {
    const routing::ModelRoute* route = nullptr;
    models::Catalog::Target target = {};
  };

  Task<RouteEnd> try_route(const routing::ModelRoute& route);
  Task<RouteEnd> try_targets(const routing::ModelRoute& route);
  Task<Status> wait(routing::Plan& plan, const routing::Step& step,
                    std::optional<routing::PlaceWaiter>& waiter);
  enum class Raced : bool { kNo, kYes };
  TargetAttempt& begin(routing::Plan& plan, routing::Lease lease, Raced raced);
  Task<TargetAttempt*> run_attempt(routing::Plan& plan, routing::Lease lease);
  Task<TargetAttempt*> race(routing::Plan& plan, TargetAttempt& first,
                            std::chrono::milliseconds delay);
  Task<TargetAttempt*> first_ready(routing::Plan& plan, TargetAttempt& first,
                                   TargetAttempt* second);
  void note_loss(routing::Plan& plan, TargetAttempt& attempt);
  Task<Status> send(routing::Plan& plan, TargetAttempt& attempt);
  void note_what_remains(TargetAttempt& attempt);
  Task<Status> give_up(const RouteEnd& end);

  bool may_leave_pin(const routing::ModelRoute& route) const;
  bool leave_pin(const routing::ModelRoute& route, const RouteEnd& end, std::size_t attempts);
  bool strip_sealed_items();
  bool is_pinned_down(const RouteEnd& end) const;
  Error pinned_unavailable(const RouteEnd& end) const;
  bool may_hedge(const routing::ModelRoute& route) const;
  routing::Asked asked() const;
  config::AttemptTimeouts timeouts_of(const routing::ModelRoute& route,
                                      const config::RouteTarget& target) const;
  routing::Repeatable may_be_sent_again(const TargetAttempt& attempt) const;
  void tell(const TargetAttempt& attempt);
  void tell_when_to_retry(const RouteEnd& end);
  void add_fallbacks(const routing::ModelRoute& route, routing::Verdict verdict);
  std::optional<Fallback> next_fallback();
  void note_end(RouteEnd& end);
  const PassedRequest& sent() const { return stripped_ ? stripped_->request() : request_; }
  SteadyTime now() const { return request_.exchange.loop().now(); }
  // The time of the whole request has passed.
  bool is_over() const { return now() >= request_.exchange.facts().deadline; }

  const PassedRequest& request_;
  routing::Chooser& chooser_;
  RequestAffinity affinity_;                          // along the route that is tried
  const routing::Target* avoided_ = nullptr;          // a pin that was left
  std::unique_ptr<StrippedRequest> stripped_;         // what is sent instead; null: the request
  std::optional<TargetAttempt> first_;                // nearly every request has one
  std::vector<std::unique_ptr<TargetAttempt>> more_;  // the further ones
  TargetAttempt* last_ = nullptr;                     // the last that failed
  std::chrono::nanoseconds waited_{0};                // since the last attempt
  std::optional<SteadyTime> cooled_at_;               // the earliest, of the models tried
  // Names of models that are tried next, and of those that have been.
  std::vector<std::string_view> fallbacks_;
  std::vector<std::string_view> visited_;
};

}  // namespace penstock::gateway
