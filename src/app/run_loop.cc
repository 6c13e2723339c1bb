#include "app/run_loop.h"

#include <atomic>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>

namespace penstock::app {
namespace {

// How soon the end of a drain is noticed.
constexpr timespec kDrainInterval{.tv_sec = 0, .tv_nsec = 20'000'000};

bool ends_server(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

}  // namespace

// They include the signals on which other servers reload or rotate, whose default is to end the
// process.
RunLoop::RunLoop() {
  sigemptyset(&signals_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

void RunLoop::run(Service& service, telemetry::Log& log) {
  serve_until_ended_by_signal(log);
  drain(service, log);
}

void RunLoop::serve_until_ended_by_signal(telemetry::Log& log) {
  int signal = 0;
  while (sigwait(&signals_, &signal) != 0 || !ends_server(signal)) react(signal, log);
}

void RunLoop::drain(Service& service, telemetry::Log& log) {
  log.info("draining: a second signal stops the server at once");
  service.drain();
  std::atomic<bool> ended{false};
  std::thread waiting([&] {
    service.wait();
    ended = true;
  });
  while (!ended) {
    const int signal = sigtimedwait(&signals_, nullptr, &kDrainInterval);
    if (signal <= 0) continue;
    if (ends_server(signal)) {
      log.info("stopping at once");
      service.stop();
    } else {
      react(signal, log);
    }
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
