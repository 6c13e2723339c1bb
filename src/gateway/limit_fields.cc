#include "gateway/limit_fields.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>
#include <string>

#include "core/text.h"
#include "limits/view.h"

namespace penstock::gateway {
namespace {

using config::Quantity;
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

constexpr std::array kRequests = {Quantity::kRequests};
constexpr std::array kTokens = {Quantity::kTokens};
constexpr std::array kInputTokens = {Quantity::kInputTokens};
constexpr std::array kOutputTokens = {Quantity::kOutputTokens};
// OpenAI's API has one kind of them.
constexpr std::array kAnyTokens = {Quantity::kTokens, Quantity::kInputTokens,
                                   Quantity::kOutputTokens};

void add_openai_fields(http::FieldBlock& fields, std::string_view name,
                       const limits::RateView& view) {
  fields.add(fmt::format("x-ratelimit-limit-{}", name), std::to_string(view.amount));
  fields.add(fmt::format("x-ratelimit-remaining-{}", name), std::to_string(view.remaining));
  fields.add(fmt::format("x-ratelimit-reset-{}", name), duration_text(view.until_full));
}

void add_anthropic_fields(http::FieldBlock& fields, std::string_view name,
                          const limits::RateView& view, const net::EventLoop& loop) {
  const std::string begin = fmt::format("anthropic-ratelimit-{}-", name);
  fields.add(begin + "limit", std::to_string(view.amount));
  fields.add(begin + "remaining", std::to_string(view.remaining));
  fields.add(begin + "reset", date_text(loop.wall() + view.until_full));
}

}  // namespace

bool shows_limits(const ExchangeFacts& facts) {
  return facts.accounts != nullptr && limits::have_rates(*facts.accounts);
}

void add_limit_fields(http::FieldBlock& fields, const ExchangeFacts& facts,
                      const net::EventLoop& loop) {
  const bool is_anthropic = wire::traits_of(facts.error_api).dialect == wire::Dialect::kAnthropic;
  const auto add = [&](std::string_view name, std::span<const Quantity> quantities) {
    const auto view =
        limits::tightest_rate(*facts.accounts, quantities, facts.model.view(), loop.now());
    if (!view) return;
    if (is_anthropic) {
      add_anthropic_fields(fields, name, *view, loop);
    } else {
      add_openai_fields(fields, name, *view);
    }
  };
  add("requests", kRequests);
  add("tokens", is_anthropic ? std::span<const Quantity>(kTokens) : kAnyTokens);
  if (!is_anthropic) return;
  add("input-tokens", kInputTokens);
  add("output-tokens", kOutputTokens);
}

std::string date_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::ceil<std::chrono::seconds>(time));
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
