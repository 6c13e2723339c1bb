#include "telemetry/log.h"

#include <unistd.h>

#include <chrono>
#include <string>

#include "core/text.h"

namespace penstock::telemetry {
namespace {

constexpr std::size_t kLevelBytes = 8;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      break;
  }
  return "off";
}

// Escapes only characters that would act, not show: quotes and backslashes stay readable.
void append_visible(std::string& out, std::string_view message) {
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      append_json_escaped(out, {&c, 1});
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

Log::Log(LogLevel least, const Confidential* confidential)
    : least_(least), confidential_(confidential), writer_(STDERR_FILENO, CloseDescriptor::kNo) {
  writer_.give_up_after(std::chrono::milliseconds(0));
}

void Log::append_line(std::string& out, LogLevel level, std::string_view message) {
  const std::string_view name = name_of(level);
  out.append(timestamp_.text(std::chrono::system_clock::now())).append(" ").append(name);
  out.append(kLevelBytes - name.size() + 1, ' ').append(message).append("\n");
}

void Log::mask_also(const std::shared_ptr<const Confidential>& confidential) {
  const std::lock_guard lock(mutex_);
  std::erase_if(also_confidential_, [](const auto& held) { return held.expired(); });
  also_confidential_.push_back(confidential);
}

void Log::mask_locked(std::string& message) const {
  if (confidential_ != nullptr) confidential_->mask(message);
  for (const auto& held : also_confidential_) {
    if (const auto confidential = held.lock()) confidential->mask(message);
  }
}

void Log::write(LogLevel level, std::string_view message) {
  if (!writes(level)) return;
  std::string visible;
  append_visible(visible, message);
  const std::lock_guard lock(mutex_);
  mask_locked(visible);
  std::string lines;
  if (lost_ > 0) {
    append_line(lines, LogLevel::kWarning,
                std::to_string(lost_) + " messages were lost: stderr did not take them");
  }
  append_line(lines, level, visible);
  const std::uint64_t lost_before = writer_.lines_lost();
  writer_.write_lines(lines);
  lost_ = writer_.lines_lost() == lost_before ? 0 : lost_ + 1;
}

}  // namespace penstock::telemetry
