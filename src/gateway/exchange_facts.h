#pragma once

// ExchangeFacts: what is known about one client request, as plain data.
//
// The phases fill it in; the Recorder turns it into metrics and a line of the access log when the
// exchange has ended. It belongs to its exchange. Texts are copied, because the request's memory
// may be gone when the exchange is recorded; only what outlives every exchange is referred to.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "access/api_keys.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/small_text.h"
#include "gateway/route_table.h"
#include "limits/account.h"
#include "net/deadline.h"
#include "routing/failure.h"
#include "telemetry/labels.h"
#include "wire/apis/error_answer.h"
#include "wire/apis/usage.h"
#include "wire/bodies/text_meter.h"

namespace penstock::gateway {

// One try to get an answer from an upstream.
struct AttemptFacts {
  enum class Reason : std::uint8_t { kFirst, kRetry, kRedirect };

  Reason reason = Reason::kFirst;
  std::size_t provider = 0;                          // position in Settings::providers
  std::optional<std::chrono::microseconds> connect;  // nullopt: there is no connection
  bool reused_connection = false;
  int status = 0;                  // of the answer; 0: there is none
  std::optional<ErrorKind> error;  // why it failed
};

// One attempt at a target of a model's route: a try, or a few over connections that were stale.
struct TargetAttemptFacts {
  std::size_t provider = 0;  // position in Settings::providers
  std::string_view model;    // the target's name for it; of the settings, or of the exchange
  SteadyTime began{};
  std::chrono::microseconds wait{0};      // before it, for a place or as a backoff
  std::chrono::microseconds duration{0};  // to its first content or its failure
  int status = 0;                         // of the answer, or of the error in its stream; 0: none
  // nullopt: it is the answer. kGone: it was stopped.
  std::optional<routing::FailureClass> failure = routing::FailureClass::kGone;
  bool lost_race = false;                                   // the other one had content first
  bool is_hedge = false;                                    // beside another one that was slow
  std::unique_ptr<const wire::Usage> lost_usage = nullptr;  // of lost_race: stated until then
};

// The attempts of an exchange, in order. Nearly every exchange has one, and none allocates for it.
// They stay where they are.
template <class Attempt>
class Attempts {
 public:
  // A further one, of which nothing is known yet.
  Attempt& add() {
    if (count_ >= first_.size()) {
      if (!others_) others_.emplace();
      others_->emplace_back();
    }
    return (*this)[count_++];
  }
  std::size_t count() const { return count_; }
  Attempt& operator[](std::size_t i) {
    return i < first_.size() ? first_[i] : (*others_)[i - first_.size()];
  }
  const Attempt& operator[](std::size_t i) const {
    return i < first_.size() ? first_[i] : (*others_)[i - first_.size()];
  }

 private:
  std::array<Attempt, 2> first_;
  std::optional<std::deque<Attempt>> others_;  // nullopt: it would allocate
  std::size_t count_ = 0;
};

// Those at targets of a model's route. Requests without one have no memory for them.
class TargetAttempts {
 public:
  // One that begins.
  TargetAttemptFacts& add(std::size_t provider, std::string_view model, SteadyTime began) {
    if (!list_) list_.emplace();
    TargetAttemptFacts& attempt = list_->add();
    attempt.provider = provider;
    attempt.model = model;
    attempt.began = began;
    return attempt;
  }
  std::size_t count() const { return list_ ? list_->count() : 0; }
  TargetAttemptFacts& operator[](std::size_t i) { return (*list_)[i]; }
  const TargetAttemptFacts& operator[](std::size_t i) const { return (*list_)[i]; }

 private:
  std::optional<Attempts<TargetAttemptFacts>> list_;
};

struct ExchangeFacts {
  // Whose bodies these are: the path's, even under a method that it does not support.
  wire::Api api() const { return endpoint->api.value_or(wire::Api::kOther); }
  wire::ErrorForm error_form() const {
    return {.dialect = wire::traits_of(error_api).dialect, .request_id = request_id.view()};
  }

  // The request.
  SteadyTime started{};
  SteadyTime deadline = net::Deadline::kNever;  // of the whole request
  SmallText<48> request_id;
  bool request_id_is_made = false;  // here, not by the client
  SmallText<8> method;
  SmallText<48> path;
  SmallText<128> user_agent;
  const Endpoint* endpoint = nullptr;            // never null after the exchange has begun
  wire::Api error_api = wire::Api::kOther;       // whose errors the client reads
  const access::Principal* principal = nullptr;  // null: nobody was asked who it is
  // That the request is charged to; null: nothing limits it. Of its key, which outlives it.
  const limits::Accounts* accounts = nullptr;

  // What it asks for, and what that is called.
  SmallText<64> model;
  SmallText<64> upstream_model;
  SmallText<96> target;                 // of a model's route: who is asked, `provider/model`
  SmallText<64> listed_model;           // if the client asked by another name
  bool model_is_known = false;          // by the catalog
  std::optional<std::size_t> provider;  // position in Settings::providers

  // The model's route, if it has one.
  bool is_routed = false;
  std::size_t model_route = 0;  // of is_routed: the asked model's, in the router
  bool is_fallback = false;     // another model answers
  bool is_stripped = false;     // of the items that only another target can open
  TargetAttempts targets_asked;
  std::optional<std::chrono::milliseconds> retry_after;  // that an error tells the client
  bool should_not_retry = false;                         // nor soon
  std::optional<WallTime> budget_resets;                 // of the budget that refuses it

  // The upstream.
  Attempts<AttemptFacts> attempts;
  std::optional<std::chrono::microseconds> first_byte;  // of the answer's body, since `started`
  bool is_stream = false;
  std::optional<wire::Usage> usage;  // if the answer states it and this request has spent it
  // Of an answer that states none, if what it costs must be known.
  std::optional<wire::TextSize> answer_text;

  // The answer.
  int status = 0;                  // 0: none could be sent
  std::optional<ErrorKind> error;  // that it was about, or that ended it
  telemetry::Ending ending = telemetry::Ending::kInternal;
};

}  // namespace penstock::gateway
