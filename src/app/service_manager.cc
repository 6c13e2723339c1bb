#include "app/service_manager.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <unistd.h>

#include "core/text.h"

namespace penstock::app {
namespace {

using std::chrono::microseconds;

// Of this process, if the manager wants to hear from it.
std::optional<microseconds> watchdog_of(const config::Environment& environment) {
  const std::optional<std::string> written = environment("WATCHDOG_USEC");
  const auto time = written ? parse_decimal(*written) : std::nullopt;
  if (!time || *time == 0) return std::nullopt;
  const std::optional<std::string> process = environment("WATCHDOG_PID");
  if (process && *process != std::to_string(::getpid())) return std::nullopt;
  return microseconds(static_cast<microseconds::rep>(
      std::min<std::uint64_t>(*time, std::chrono::microseconds(std::chrono::hours(24)).count())));
}

// By the clock that the manager compares with: the message may arrive after a later READY.
std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1'000);
}

std::string with_status(std::string_view assignment, std::string_view status) {
  return std::string(assignment) + "\nSTATUS=" + std::string(status);
}

}  // namespace

ServiceManager::ServiceManager(const config::Environment& environment, telemetry::Log& log)
    : log_(log) {
  const std::optional<std::string> address = environment("NOTIFY_SOCKET");
  if (!address || address->empty()) return;
  auto opened = net::NotifySocket::open(*address);
  if (!opened) {
    log.warning("NOTIFY_SOCKET cannot be used: " + opened.error().message);
    return;
  }
  socket_.emplace(std::move(*opened));
  watchdog_ = watchdog_of(environment);
}

void ServiceManager::ready(std::string_view status) {
  send(with_status("READY=1", status));
}

void ServiceManager::status(std::string_view text) {
  send("STATUS=" + std::string(text));
}

void ServiceManager::reloading() {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void ServiceManager::stopping(std::string_view status) {
  send(with_status("STOPPING=1", status));
}

void ServiceManager::extend_timeout(microseconds by) {
  send("EXTEND_TIMEOUT_USEC=" + std::to_string(by.count()));
}

void ServiceManager::alive() {
  send("WATCHDOG=1");
}

void ServiceManager::send(std::string_view message) {
  if (!socket_) return;
  const std::lock_guard lock(mutex_);
  Status sent = socket_->send(message);
  if (!sent && !std::exchange(has_failed_, true)) {
    log_.warning("the service manager at NOTIFY_SOCKET is not told the server's state: " +
                 sent.error().message);
  }
}

}  // namespace penstock::app
