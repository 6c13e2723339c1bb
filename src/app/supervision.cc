#include "app/supervision.h"

#include <algorithm>
#include <utility>

namespace penstock::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How old the shown state may be.
constexpr milliseconds kServingInterval{10'000};
constexpr milliseconds kDrainingInterval{1'000};
// What a drain asks for at each of its intervals: enough to miss some.
constexpr milliseconds kExtension{15'000};

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

Supervision::Supervision(Parts parts)
    : parts_(std::move(parts)),
      next_status_(parts_.clock.steady()),
      next_watch_(parts_.clock.steady()) {}

void Supervision::serving() {
  told_status_ = status();
  parts_.manager.ready(told_status_);
}

void Supervision::draining(milliseconds limit) {
  is_draining_ = true;
  if (limit.count() > 0) drain_ends_ = parts_.clock.steady() + limit;
  next_status_ = parts_.clock.steady() + kDrainingInterval;
  told_status_ = status();
  parts_.manager.stopping(told_status_);
  extend_timeout();
}

void Supervision::tick() {
  if (!parts_.manager.listens()) return;
  const SteadyTime now = parts_.clock.steady();
  if (parts_.manager.watchdog() && now >= next_watch_) watch();
  if (now < next_status_) return;
  next_status_ = now + (is_draining_ ? kDrainingInterval : kServingInterval);
  tell_status();
  extend_timeout();
}

std::optional<nanoseconds> Supervision::until_tick() const {
  if (!parts_.manager.listens()) return std::nullopt;
  const SteadyTime next =
      parts_.manager.watchdog() ? std::min(next_status_, next_watch_) : next_status_;
  return std::max(nanoseconds(0), nanoseconds(next - parts_.clock.steady()));
}

std::string Supervision::status() const {
  if (is_draining_ && !parts_.open_requests) return "draining";
  if (is_draining_) {
    return "draining: " + counted(parts_.open_requests(), "request") + " still open";
  }
  return "serving " + counted(parts_.models(), "model");
}

void Supervision::tell_status() {
  std::string text = status();
  if (text == told_status_) return;
  told_status_ = std::move(text);
  parts_.manager.status(told_status_);
}

// The limit of the drain is the server's own: the manager's may be shorter. A drain without a limit
// has the manager's.
void Supervision::extend_timeout() {
  if (!drain_ends_ || parts_.clock.steady() >= *drain_ends_) return;
  parts_.manager.extend_timeout(kExtension);
}

// Every loop that was asked at the last time must have answered by now. Somebody else may have
// asked a moment ago.
void Supervision::watch() {
  const SteadyTime now = parts_.clock.steady();
  const nanoseconds interval = *parts_.manager.watchdog() / 2;
  if (parts_.pulse.late(now, interval / 2) == 0) parts_.manager.alive();
  parts_.pulse.ask(now);
  next_watch_ = now + interval;
}

}  // namespace penstock::app
