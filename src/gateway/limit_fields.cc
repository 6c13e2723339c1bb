#include "gateway/limit_fields.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>

#include "core/text.h"

namespace penstock::gateway {
namespace {

using std::chrono::nanoseconds;

// As Go writes durations, which OpenAI does: `1.2s`, `6m0s`.
std::string duration_text(nanoseconds time) {
  const auto tenths =
      std::chrono::ceil<std::chrono::duration<std::int64_t, std::deci>>(time).count();
  const std::int64_t minutes = tenths / 600;
  const std::string seconds = tenths % 10 == 0
                                  ? fmt::format("{}s", tenths % 600 / 10)
                                  : fmt::format("{}.{}s", tenths % 600 / 10, tenths % 10);
  return minutes > 0 ? fmt::format("{}m{}", minutes, seconds) : seconds;
}

std::string date_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::ceil<std::chrono::seconds>(time));
}

}  // namespace

bool shows_limits(const ExchangeFacts& facts) {
  return facts.account != nullptr && facts.account->limits_requests();
}

void add_limit_fields(http::FieldBlock& fields, const ExchangeFacts& facts,
                      const net::EventLoop& loop) {
  const limits::Account& account = *facts.account;
  const limits::RateMeter::View now = account.requests(loop.now());
  const std::string limit = std::to_string(account.requests_per_minute());
  const std::string remaining = std::to_string(now.remaining);
  if (wire::traits_of(facts.error_api).dialect == wire::Dialect::kAnthropic) {
    fields.add("anthropic-ratelimit-requests-limit", limit);
    fields.add("anthropic-ratelimit-requests-remaining", remaining);
    fields.add("anthropic-ratelimit-requests-reset", date_text(loop.wall() + now.until_full));
    return;
  }
  fields.add("x-ratelimit-limit-requests", limit);
  fields.add("x-ratelimit-remaining-requests", remaining);
  fields.add("x-ratelimit-reset-requests", duration_text(now.until_full));
}

bool is_limit_field(std::string_view name) {
  return starts_with_ignoring_case(name, "x-ratelimit-") ||
         starts_with_ignoring_case(name, "anthropic-ratelimit-");
}

std::string upstream_limit_field(std::string_view name) {
  constexpr std::string_view kExtension = "x-";
  if (starts_with_ignoring_case(name, kExtension)) name.remove_prefix(kExtension.size());
  return "x-upstream-" + std::string(name);
}

}  // namespace penstock::gateway
