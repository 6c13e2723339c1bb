#pragma once

// ConfigurationWatch: tells the run loop when the files of the configuration have changed, as
// server.reload says. Owned and called by the main thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/file_watch.h"
#include "config/settings.h"
#include "core/clock.h"
#include "telemetry/log.h"

namespace penstock::app {

class ConfigurationWatch {
 public:
  // `file`: of the configuration; empty: it is built in.
  ConfigurationWatch(std::string file, telemetry::Log& log) : file_(std::move(file)), log_(log) {}

  // To be called with the settings that are served, at the start and after each reload.
  void follow(const config::Settings& settings);

  // For the run loop; -1 and nullopt: there is nothing to wait for.
  int descriptor() const { return watch_ == nullptr ? -1 : watch_->descriptor(); }
  std::optional<SteadyTime> due() const { return watch_ == nullptr ? std::nullopt : watch_->due(); }
  // To be called when the descriptor is readable or the time has come. Once for each change.
  bool has_changed(SteadyTime now) { return watch_ != nullptr && watch_->has_changed(now); }

 private:
  std::vector<std::string> files_of(const config::Settings& settings) const;
  void log_faults();

  const std::string file_;
  telemetry::Log& log_;
  std::unique_ptr<FileWatch> watch_;  // null: nothing is watched
  std::vector<std::string> logged_faults_;
};

}  // namespace penstock::app
