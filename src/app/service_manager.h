#pragma once

// ServiceManager: what the server tells whoever started it, in systemd's protocol of notifications
// (sd_notify(3)). Without NOTIFY_SOCKET in the environment it tells nobody anything.
//
//   READY=1             connections are accepted, and the upstreams were asked for their models
//   STATUS=…            what `systemctl status` shows
//   RELOADING=1         a reload has begun; READY=1 follows, whether it succeeded or not
//   STOPPING=1          the drain has begun
//   EXTEND_TIMEOUT_USEC the drain goes on for at least so long
//   WATCHDOG=1          every event loop turns (app/supervision.h)
//
// Any thread may use it. A message that cannot be sent is reported once in the log.

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "config/load.h"
#include "net/notify_socket.h"
#include "telemetry/log.h"

namespace penstock::app {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  ServiceManager(const config::Environment& environment, telemetry::Log& log);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  bool listens() const { return socket_.has_value(); }
  // How long it waits for alive() until it takes the process for hung; none: it does not.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  void ready(std::string_view status);
  void status(std::string_view text);
  void reloading();
  void stopping(std::string_view status);
  // At least so long from now, however short its own limit is.
  void extend_timeout(std::chrono::microseconds by);
  void alive();

 private:
  void send(std::string_view message);

  telemetry::Log& log_;
  std::mutex mutex_;  // of what follows
  std::optional<net::NotifySocket> socket_;
  bool has_failed_ = false;
  std::optional<std::chrono::microseconds> watchdog_;  // constant
};

}  // namespace penstock::app
