#include "gateway/request_timeouts.h"

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "config/scalar.h"
#include "core/text.h"

namespace penstock::gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTimeoutPrefix = "x-penstock-timeout-";
constexpr std::string_view kLibraryField = "x-stainless-timeout";
constexpr std::chrono::seconds kWayBack{1};

struct ShortenedLimit {
  std::string_view name;  // after the prefix
  milliseconds config::AttemptTimeouts::* limit;
};
constexpr std::array kLimits = {
    ShortenedLimit{"connect", &config::AttemptTimeouts::connect},
    ShortenedLimit{"first-byte", &config::AttemptTimeouts::first_byte},
    ShortenedLimit{"first-token", &config::AttemptTimeouts::first_token},
    ShortenedLimit{"between-bytes", &config::AttemptTimeouts::between_bytes},
    ShortenedLimit{"request", &config::AttemptTimeouts::request},
};

std::optional<milliseconds> positive_duration(std::string_view text) {
  const std::optional<milliseconds> duration = config::parse_duration(text);
  if (!duration || duration->count() <= 0) return std::nullopt;
  return duration;
}

}  // namespace

Shortened shorten(config::AttemptTimeouts& timeouts, const http::Fields& fields) {
  Shortened shortened = Shortened::kNo;
  for (const http::Field& field : fields) {
    if (field.known_name != http::FieldName::kOther || field.name.size() <= kTimeoutPrefix.size())
      continue;
    if (!equals_ignoring_case(field.name.substr(0, kTimeoutPrefix.size()), kTimeoutPrefix))
      continue;
    for (const ShortenedLimit& each : kLimits) {
      if (!equals_ignoring_case(field.name.substr(kTimeoutPrefix.size()), each.name)) continue;
      const std::optional<milliseconds> given = positive_duration(field.value);
      milliseconds& limit = timeouts.*each.limit;
      if (!given || (limit.count() != 0 && *given >= limit)) continue;
      limit = *given;
      shortened = Shortened::kYes;
    }
  }
  if (shortened == Shortened::kYes) timeouts = config::with_first_byte_bounded(timeouts);
  return shortened;
}

SteadyTime last_begin(const http::Fields& fields, SteadyTime began) {
  for (const http::Field& field : fields) {
    if (field.known_name != http::FieldName::kOther) continue;
    if (!equals_ignoring_case(field.name, kLibraryField)) continue;
    const std::optional<milliseconds> given = positive_duration(field.value);
    if (given && *given > kWayBack) return began + *given - kWayBack;
  }
  return SteadyTime::max();
}

}  // namespace penstock::gateway
