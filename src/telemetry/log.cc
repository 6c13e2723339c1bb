#include "telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <string>

#include "core/text.h"

namespace penstock::telemetry {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

Log::Log(LogLevel least, const SecretGuard* secrets)
    : secrets_(secrets),
      logger_(std::make_shared<spdlog::logger>("penstock",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_level(spdlog_level(least));
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %-8l %v", spdlog::pattern_time_type::utc));
}

Log::~Log() = default;

bool Log::writes(LogLevel level) const {
  return logger_->should_log(spdlog_level(level));
}

void Log::write(LogLevel level, std::string_view message) {
  const spdlog::level::level_enum at = spdlog_level(level);
  if (!logger_->should_log(at)) return;
  std::string line;
  for (const char c : message) {
    // Only what would act instead of being seen: quotes and backslashes stay readable.
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      append_json_escaped(line, {&c, 1});
    } else {
      line.push_back(c);
    }
  }
  if (secrets_ != nullptr) secrets_->mask(line);
  logger_->log(at, spdlog::string_view_t(line));
}

}  // namespace penstock::telemetry
