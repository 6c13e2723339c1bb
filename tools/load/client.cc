#include "client.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "net/wait.h"

namespace penstock::load {
namespace {

using std::chrono::nanoseconds;

// After a failure, so that a server that is down is not flooded.
constexpr std::chrono::milliseconds kPause{10};

// Of whom no answer came, or none with the header field that answers are counted by.
constexpr const char* kNobody = "none";

// Idle connections are closed only by the server.
constexpr std::chrono::hours kRest{24};

nanoseconds to_nanoseconds(Seconds seconds) {
  return std::chrono::duration_cast<nanoseconds>(seconds);
}

std::uint64_t between(SteadyTime from, SteadyTime to) {
  return static_cast<std::uint64_t>(std::max<nanoseconds>(nanoseconds(0), to - from).count());
}

}  // namespace

Client::Client(Shared& shared)
    : shared_(shared), deadline_(shared.loop), check_(shared.options, shared.reference, *this) {}

Task<void> Client::run(SteadyTime start) {
  if (!co_await sleep_until(start)) co_return;
  while (!shared_.stop.raised()) {
    const SteadyTime due = next_due();
    if (!co_await sleep_until(due)) co_return;
    const Fault fault = co_await exchange(due);
    if (fault == Fault::kNone) {
      count_exchange();
      continue;
    }
    connection_.reset();
    count_fault(fault);
    if (fault != Fault::kStopped && fault != Fault::kBrokenStream)
      co_await sleep_until(shared_.clock.steady() + kPause);
  }
}

Task<Fault> Client::probe() {
  const Fault fault = co_await exchange(shared_.clock.steady());
  count_fault(fault);
  connection_.reset();
  co_return fault;
}

// False if the run ends first.
Task<bool> Client::sleep_until(SteadyTime time) {
  // A wait that is over before it begins would cost the closed loop an occasional turn.
  if (time <= shared_.loop.now()) co_return !shared_.stop.raised();
  deadline_.set(time);
  const net::Woken woken = co_await net::wait_any(shared_.loop, &deadline_, shared_.stop);
  co_return woken.timed_out();
}

SteadyTime Client::next_due() {
  if (shared_.options.rate <= 0) return shared_.clock.steady();
  const double after = static_cast<double>(shared_.turns++) / shared_.options.rate;
  return shared_.begin + to_nanoseconds(Seconds(after));
}

Task<Fault> Client::exchange(SteadyTime due) {
  exchange_ = {.due = due, .ended = {}, .first_event = true};
  who_ = kNobody;
  const SteadyTime until = shared_.clock.steady() + to_nanoseconds(shared_.options.timeout);
  const Result<const http::ResponseHead*> head = co_await ask(until);
  if (!head) co_return fault_of(head.error());
  if (!shared_.options.count_by.empty()) {
    who_ = (*head)->fields.find(shared_.options.count_by).value_or(kNobody);
  }
  if ((*head)->status != 200) {
    what_ = "status " + std::to_string((*head)->status);
    co_return Fault::kStatus;
  }
  const Fault fault = co_await read_answer(until);
  if (fault != Fault::kNone) co_return fault;
  exchange_.ended = arrived_;
  if (connection_->reusable()) {
    connection_->rest(kRest);
  } else {
    connection_.reset();
  }
  co_return Fault::kNone;
}

// Sends the request, over a new connection if there is none or the server has closed the old one,
// and waits for the answer's head.
Task<Result<const http::ResponseHead*>> Client::ask(SteadyTime until) {
  if (connection_ != nullptr && connection_->stale()) connection_.reset();
  for (;;) {
    if (connection_ == nullptr) {
      const net::Destination destination{.host = shared_.options.host,
                                         .port = shared_.options.port};
      auto stream = co_await shared_.connector.connect(destination, until, shared_.stop);
      if (!stream) co_return failure(std::move(stream.error()));
      connection_ = std::make_unique<http::UpstreamConnection>(shared_.loop, std::move(*stream),
                                                               shared_.scratch);
      ++shared_.results.connections_made;
    }
    http::Pieces pieces;
    pieces.add(shared_.body);
    const http::RequestToSend request{"POST", shared_.options.path, shared_.fields};
    Status sent = co_await connection_->send(request, pieces, until, shared_.stop);
    if (sent) {
      auto head = co_await connection_->receive_head(until, shared_.stop);
      if (head) co_return *head;
      sent = failure(std::move(head.error()));
    }
    const bool may_repeat = connection_->reused() && sent.error().retry != RetryClass::kNever;
    connection_.reset();
    if (!may_repeat) co_return failure(std::move(sent.error()));
  }
}

Task<Fault> Client::read_answer(SteadyTime until) {
  check_.begin();
  for (;;) {
    const Result<http::UpstreamConnection::BodyPart> part = connection_->read_body();
    if (!part) {
      const Fault fault = fault_of(part.error());
      const bool allowed = shared_.options.allow_broken_streams && check_.has_broken_off();
      co_return fault == Fault::kBroken&& allowed ? Fault::kBrokenStream : fault;
    }
    arrived_ = shared_.clock.steady();
    check_.take(part->data);
    if (shared_.counting && !part->data.empty()) {
      ++shared_.results.reads;
      shared_.results.body_bytes += part->data.size();
    }
    if (part->end) break;
    if (!part->data.empty()) continue;
    if (shared_.options.hold) connection_->release_memory();
    deadline_.set(shared_.options.hold ? net::Deadline::kNever : until);
    const net::Woken woken =
        co_await net::wait_any(shared_.loop, &deadline_, connection_->readable(), shared_.stop);
    if (woken.by(shared_.stop)) co_return Fault::kStopped;
    if (woken.timed_out()) {
      what_ = "the answer took longer than the limit";
      co_return Fault::kTimeout;
    }
  }
  if (shared_.options.hold) {
    what_ = "a stream that should be held has ended";
    co_return Fault::kContent;
  }
  if (check_.finish()) co_return Fault::kNone;
  what_ = check_.fault();
  co_return Fault::kContent;
}

Fault Client::fault_of(const Error& error) {
  what_ = error.message;
  switch (error.kind) {
    case ErrorKind::kCancelled:
      return Fault::kStopped;
    case ErrorKind::kUpstreamUnreachable:
      return Fault::kConnect;
    case ErrorKind::kUpstreamTimeout:
      return Fault::kTimeout;
    default:
      return Fault::kBroken;
  }
}

void Client::on_event(std::optional<std::uint64_t> stamp_ns) {
  if (exchange_.first_event) {
    exchange_.first_event = false;
    if (shared_.counting) {
      shared_.results.first_event_ns.record(between(exchange_.due, arrived_));
    }
    if (++shared_.streaming == shared_.options.connections) shared_.all_streaming.raise();
  }
  if (!shared_.counting) return;
  ++shared_.results.events;
  if (stamp_ns) {
    const SteadyTime stamped{nanoseconds(static_cast<std::int64_t>(*stamp_ns))};
    shared_.results.transit_ns.record(between(stamped, arrived_));
  }
}

void Client::count_fault(Fault fault) {
  shared_.results.count(fault, what_);
  const bool broken = fault == Fault::kBrokenStream;
  if (fault == Fault::kNone || fault == Fault::kStopped) return;
  if (!shared_.options.count_by.empty()) {
    Tally& tally = shared_.results.by[who_];
    ++(broken ? tally.broken_streams : tally.failed);
  }
  if (broken || !shared_.options.log_faults) return;
  const Seconds since = shared_.clock.steady() - shared_.begin;
  std::fprintf(stderr, "fault after %.3f s, %s: %s\n", since.count(), who_.c_str(), what_.c_str());
}

void Client::count_exchange() {
  if (!shared_.options.count_by.empty()) ++shared_.results.by[who_].answered;
  if (!shared_.counting) return;
  ++shared_.results.requests;
  shared_.results.latency_ns.record(between(exchange_.due, exchange_.ended));
}

}  // namespace penstock::load
