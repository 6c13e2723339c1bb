#include "routing/cooldown_hint.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "core/text.h"
#include "routing/said_error.h"
#include "routing/time_text.h"

namespace penstock::routing {
namespace {

using std::chrono::nanoseconds;

using Duration = std::optional<nanoseconds>;

// A number below this counts seconds from now; below the next, seconds from 1970; and others
// milliseconds.
constexpr double kSecondsFromNow = 30 * 24 * 3600;
constexpr double kMillisecondsFrom1970 = 1e12;

// Something that the upstream counts: requests, tokens.
struct Window {
  enum class Remains : std::uint8_t { kNothing, kSomething, kNotStated };
  Remains remains = Remains::kNotStated;
  Duration reset = {};
};

struct WindowFields {
  std::string_view reset;
  std::string_view remaining;
};

constexpr std::array kAnthropicWindows = std::to_array<WindowFields>({
    {"anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"},
    {"anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"},
    {"anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"},
    {"anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"},
});

constexpr std::array kOpenAiWindows = std::to_array<WindowFields>({
    {"x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"},
    {"x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"},
    {"x-ratelimit-reset-tokens_usage_based", "x-ratelimit-remaining-tokens_usage_based"},
    // Cerebras.
    {"x-ratelimit-reset-requests-minute", "x-ratelimit-remaining-requests-minute"},
    {"x-ratelimit-reset-requests-hour", "x-ratelimit-remaining-requests-hour"},
    {"x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day"},
    {"x-ratelimit-reset-tokens-minute", "x-ratelimit-remaining-tokens-minute"},
    {"x-ratelimit-reset-tokens-hour", "x-ratelimit-remaining-tokens-hour"},
    {"x-ratelimit-reset-tokens-day", "x-ratelimit-remaining-tokens-day"},
});

Window::Remains remains_of(std::optional<std::string_view> text) {
  if (!text) return Window::Remains::kNotStated;
  const std::optional<double> count = parse_number(*text);
  if (!count) return Window::Remains::kNotStated;
  return *count == 0 ? Window::Remains::kNothing : Window::Remains::kSomething;
}

// A number of seconds, or a point in time.
Duration parse_reset(std::string_view text, WallTime now) {
  const std::optional<double> number = parse_number(text);
  if (!number) {
    const Duration duration = parse_duration(text);
    return duration ? duration : until_date(text, now);
  }
  if (*number < kSecondsFromNow) return parse_count(text, std::chrono::seconds(1));
  if (*number < kMillisecondsFrom1970) return until_epoch(text, std::chrono::seconds(1), now);
  return until_epoch(text, std::chrono::milliseconds(1), now);
}

// What the windows of which nothing remains say, which is the latest; else the earliest of those
// that do not state what remains.
class Resets {
 public:
  void add(const Window& window) {
    if (!window.reset) return;
    if (window.remains == Window::Remains::kNothing) {
      latest_ = std::max(latest_, window.reset);
    } else {
      Duration& earliest = window.remains == Window::Remains::kSomething ? of_some_ : unstated_;
      earliest = earliest ? std::min(earliest, window.reset) : window.reset;
    }
  }

  Duration of_nothing() const { return latest_; }
  Duration said() const { return latest_ ? latest_ : unstated_; }
  // Also of windows in which something remains, though not enough.
  Duration any() const {
    if (latest_) return latest_;
    if (!unstated_ || !of_some_) return unstated_ ? unstated_ : of_some_;
    return std::min(unstated_, of_some_);
  }

 private:
  Duration latest_;
  Duration unstated_;
  Duration of_some_;
};

Resets resets_of(std::span<const WindowFields> windows, const FieldOf& field, auto parse) {
  Resets resets;
  for (const WindowFields& names : windows) {
    const std::optional<std::string_view> reset = field(names.reset);
    if (reset) resets.add({remains_of(field(names.remaining)), parse(*reset)});
  }
  return resets;
}

std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return trim(part);
}

void take_parameter(std::string_view parameter, Window& window) {
  const std::size_t equals = parameter.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view key = parameter.substr(0, equals);
  const std::string_view value = parameter.substr(equals + 1);
  if (key == "r" || key == "remaining") window.remains = remains_of(value);
  if (key == "t" || key == "reset") window.reset = parse_count(value, std::chrono::seconds(1));
}

// draft-ietf-httpapi-ratelimit-headers: `limit=10, remaining=0, reset=5` until its 7th version,
// since then a list of policies, `"burst";r=0;t=5, "day";r=9;t=80`.
void add_ratelimit(std::string_view text, Resets& resets) {
  Window whole;
  while (!text.empty()) {
    std::string_view item = take_until(text, ',');
    const bool is_policy = item.starts_with('"');
    Window policy;
    while (!item.empty()) take_parameter(take_until(item, ';'), is_policy ? policy : whole);
    resets.add(policy);
  }
  resets.add(whole);
}

Resets standard_resets(const FieldOf& field, WallTime now) {
  constexpr std::array kReset = {WindowFields{"ratelimit-reset", "ratelimit-remaining"}};
  Resets resets =
      resets_of(kReset, field, [&](std::string_view text) { return parse_reset(text, now); });
  if (const auto text = field("ratelimit")) add_ratelimit(*text, resets);
  return resets;
}

Resets common_resets(const FieldOf& field, WallTime now) {
  constexpr std::array kReset = {WindowFields{"x-ratelimit-reset", "x-ratelimit-remaining"}};
  return resets_of(kReset, field, [&](std::string_view text) { return parse_reset(text, now); });
}

Resets anthropic_resets(const FieldOf& field, WallTime now) {
  return resets_of(kAnthropicWindows, field,
                   [&](std::string_view text) { return until_date(text, now); });
}

Resets openai_resets(const FieldOf& field) {
  return resets_of(kOpenAiWindows, field, parse_duration);
}

Duration retry_after(const FieldOf& field, WallTime now) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const auto text = field(name);
    if (!text) continue;
    if (const Duration wait = parse_count(*text, std::chrono::milliseconds(1))) return wait;
  }
  const auto text = field("retry-after");
  if (!text) return {};
  const Duration wait = parse_duration(*text);
  return wait ? wait : until_date(*text, now);
}

Duration unified_reset(const FieldOf& field, WallTime now) {
  const auto text = field("anthropic-ratelimit-unified-reset");
  if (!text) return {};
  return until_epoch(*text, std::chrono::seconds(1), now);
}

Duration said_in(std::string_view message) {
  for (const std::string_view phrase :
       {"try again in ", "retry in ", "retry after ", "try again after "}) {
    const std::size_t at = message.find(phrase);
    if (at == std::string_view::npos) continue;
    if (const Duration wait = leading_duration(message.substr(at + phrase.size()))) return wait;
  }
  return {};
}

Duration said_in_body(std::string_view text) {
  if (text.empty()) return {};
  const SaidError said = read_error(text);
  if (const Duration wait = parse_duration(said.retry_delay)) return wait;
  for (const std::string& message : said.messages) {
    if (const Duration wait = said_in(message)) return wait;
  }
  return {};
}

}  // namespace

Duration cooldown_hint(const FieldOf& field, std::string_view text, WallTime now) {
  if (const Duration wait = retry_after(field, now)) return wait;
  if (const Duration wait = anthropic_resets(field, now).any()) return wait;
  if (const Duration wait = unified_reset(field, now)) return wait;
  if (const Duration wait = openai_resets(field).said()) return wait;
  if (const Duration wait = common_resets(field, now).said()) return wait;
  if (const Duration wait = standard_resets(field, now).said()) return wait;
  return said_in_body(text);
}

Duration nothing_remains(const FieldOf& field, WallTime now) {
  return std::max({anthropic_resets(field, now).of_nothing(), openai_resets(field).of_nothing(),
                   common_resets(field, now).of_nothing(),
                   standard_resets(field, now).of_nothing()});
}

}  // namespace penstock::routing
