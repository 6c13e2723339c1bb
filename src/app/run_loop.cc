#include "app/run_loop.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <system_error>
#include <thread>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace penstock::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How soon the end of a drain is noticed.
constexpr milliseconds kDrainInterval{20};
// How long the end may take that was ordered to be at once.
constexpr milliseconds kStopPatience{1'000};
constexpr int kStoppedHard = 1;

SteadyTime now() {
  return SystemClock().steady();
}

bool ends_server(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

timespec timespec_of(nanoseconds time) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {.tv_sec = static_cast<time_t>(whole.count()), .tv_nsec = (time - whole).count()};
}

// Zero: as long as it takes.
milliseconds longest_drain(const config::Server& server) {
  const milliseconds limit = server.timeouts.drain;
  return limit.count() == 0 ? limit : server.drain.delay + limit;
}

// 0 if none is there.
int read_signal(int descriptor) {
  signalfd_siginfo info;
  const ssize_t count = ::read(descriptor, &info, sizeof info);
  return count == ssize_t{sizeof info} ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace

// What run() works on.
struct RunLoop::Running {
  Service& service;
  Supervision& supervision;
  telemetry::Log& log;
};

// They include the signals on which other servers reload or rotate, whose default is to end the
// process.
RunLoop::RunLoop() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0) {
    throw std::system_error(errno, std::generic_category(), "signals cannot be received");
  }
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

RunLoop::~RunLoop() {
  ::close(signals_);
}

void RunLoop::run(Service& service, Supervision& supervision, telemetry::Log& log) {
  Running running{.service = service, .supervision = supervision, .log = log};
  supervision.serving();
  wait_for_end(running);
  const std::shared_ptr<const config::Settings> settings = service.settings();
  supervision.draining(longest_drain(settings->server));
  const milliseconds delay = settings->server.drain.delay;
  log.info((delay.count() == 0
                ? "draining"
                : "not ready any more; draining in " + std::to_string(delay.count()) + " ms") +
           std::string(": a second signal stops the server at once"));
  service.drain();
  wait_until_ended(running);
}

// The next of the signals; 0 if none comes in time, or something else happens.
int RunLoop::next_signal(std::optional<nanoseconds> limit) const {
  std::vector<pollfd> awaited = {{.fd = signals_, .events = POLLIN, .revents = 0}};
  for (const Source& source : sources_) {
    awaited.push_back({.fd = source.descriptor(), .events = POLLIN, .revents = 0});
    const std::optional<SteadyTime> due = source.due();
    if (!due) continue;
    const nanoseconds left = std::max(nanoseconds(0), *due - now());
    limit = limit ? std::min(*limit, left) : left;
  }
  const timespec time = timespec_of(limit.value_or(nanoseconds(0)));
  const int ready = ppoll(awaited.data(), awaited.size(), limit ? &time : nullptr, nullptr);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::optional<SteadyTime> due = sources_[i].due();
    const bool is_readable = ready > 0 && awaited[i + 1].revents != 0;
    if (is_readable || (due && *due <= now())) sources_[i].reaction();
  }
  return read_signal(signals_);
}

// The signal that ends the server; 0 if none comes until then.
int RunLoop::wait_for_end(Running& running, std::optional<SteadyTime> until) const {
  for (;;) {
    running.supervision.tick();
    std::optional<nanoseconds> limit = running.supervision.until_tick();
    if (until) {
      const nanoseconds left = *until - now();
      if (left.count() <= 0) return 0;
      limit = limit ? std::min(*limit, left) : left;
    }
    const int signal = next_signal(limit);
    if (ends_server(signal)) return signal;
    if (signal != 0) react(signal, running.log);
  }
}

void RunLoop::wait_until_ended(Running& running) const {
  std::atomic<bool> ended{false};
  std::thread waiting([&] {
    running.service.wait();
    ended = true;
  });
  std::optional<SteadyTime> patience;
  while (!ended) {
    if (patience && now() > *patience) {
      running.log.error("a thread does not end; the process exits without it");
      std::_Exit(kStoppedHard);
    }
    if (wait_for_end(running, now() + kDrainInterval) == 0) continue;
    running.log.info("stopping at once");
    running.service.stop();
    if (!patience) patience = now() + kStopPatience;
  }
  waiting.join();
}

void RunLoop::react(int signal, telemetry::Log& log) const {
  const auto reaction = reactions_.find(signal);
  if (reaction != reactions_.end()) return reaction->second();
  log.warning(std::string("SIG") + sigabbrev_np(signal) +
              " is ignored: restart the server to reload the configuration and certificates");
}

}  // namespace penstock::app
