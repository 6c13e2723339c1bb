#pragma once

// The server's own log: start, stop, and what an operator must know. Not for requests, which have
// the access log.
//
// One Log is created at startup and passed by reference; there is no global one. Any thread may use
// it; a call writes one line to stderr before it returns, so it is not for paths that many requests
// take. It does not wait for the reader of stderr: a message that finds no room is lost, and the
// next one that is written reports how many were lost:
//
//   2026-01-31T23:59:59.123Z warning  upstream passthrough does not answer
//
// Line feeds and other control characters in a message are escaped: a message is one line.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/confidential.h"
#include "telemetry/descriptor_writer.h"
#include "telemetry/timestamp.h"

namespace penstock::telemetry {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

class Log {
 public:
  // Messages below `least` are not written. What is confidential (null: nothing) is masked in every
  // message, and must outlive the log.
  explicit Log(LogLevel least, const Confidential* confidential = nullptr);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Whether messages of that level are written; for messages that are costly to build.
  bool writes(LogLevel level) const { return level >= least_.load(std::memory_order_relaxed); }

  // From now on. Any thread, as of all functions.
  void set_level(LogLevel least) { least_.store(least, std::memory_order_relaxed); }
  // What else is masked, for as long as somebody else holds it: what is confidential in the
  // configurations that requests are still served with.
  void mask_also(const std::shared_ptr<const Confidential>& confidential);

  void debug(std::string_view message) { write(LogLevel::kDebug, message); }
  void info(std::string_view message) { write(LogLevel::kInfo, message); }
  void warning(std::string_view message) { write(LogLevel::kWarning, message); }
  void error(std::string_view message) { write(LogLevel::kError, message); }

 private:
  void write(LogLevel level, std::string_view message);
  void mask_locked(std::string& message) const;
  void append_line(std::string& out, LogLevel level, std::string_view message);

  std::atomic<LogLevel> least_;
  const Confidential* const confidential_;
  std::mutex mutex_;  // of what follows
  std::vector<std::weak_ptr<const Confidential>> also_confidential_;
  Timestamp timestamp_;
  DescriptorWriter writer_;
  std::uint64_t lost_ = 0;  // messages since the last one that was written
};

}  // namespace penstock::telemetry
