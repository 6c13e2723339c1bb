#include "routing/cooldown_hint.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::routing {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

using Fields = std::map<std::string, std::string, std::less<>>;

// Half a second after a whole one.
const WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 30) + 8h + 500ms;

FieldOf reader_of(const Fields& fields) {
  return [&fields](std::string_view name) -> std::optional<std::string_view> {
    const auto found = fields.find(name);
    if (found == fields.end()) return {};
    return found->second;
  };
}

std::optional<double> hint_in_ms(const Fields& fields, std::string_view text = {}) {
  const auto hint = cooldown_hint(reader_of(fields), text, kNow);
  if (!hint) return {};
  return static_cast<double>(hint->count()) / 1e6;
}

// Cases 13 and 14.
TEST(CooldownHint, IsRetryAfterInWholeSecondsOrParts) {
  EXPECT_EQ(hint_in_ms({{"retry-after", "2"}}), 2000);
  EXPECT_EQ(hint_in_ms({{"retry-after", "0.5"}}), 500);
  EXPECT_EQ(hint_in_ms({{"retry-after", " 30 "}}), 30'000);
  EXPECT_EQ(hint_in_ms({{"retry-after", "0"}}), 0);
}

// Case 15.
TEST(CooldownHint, IsRetryAfterAsADateInItsThreeForms) {
  EXPECT_EQ(hint_in_ms({{"retry-after", "Mon, 30 Nov 2026 08:00:10 GMT"}}), 9500);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Monday, 30-Nov-26 08:00:10 GMT"}}), 9500);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Mon Nov 30 08:00:10 2026"}}), 9500);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Tue Dec  1 08:00:00 2026"}}), 86'399'500);
  EXPECT_EQ(hint_in_ms({{"retry-after", "2026-11-30T08:00:10Z"}}), 9500);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Mon, 30 Nov 2026 08:00:10"}}), std::nullopt);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Mon, 31 Nov 2026 08:00:10 GMT"}}), std::nullopt);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Mon, 30 Nov 2026 24:00:10 GMT"}}), std::nullopt);
  // A year of two digits is within 50 years.
  EXPECT_GT(hint_in_ms({{"retry-after", "Monday, 30-Nov-27 08:00:10 GMT"}}), 86'400'000);
  EXPECT_EQ(hint_in_ms({{"retry-after", "Sunday, 06-Nov-94 08:49:37 GMT"}}), std::nullopt);
}

// Cases 16 and 17.
TEST(CooldownHint, IsTheMillisecondsBeforeTheSeconds) {
  EXPECT_EQ(hint_in_ms({{"retry-after-ms", "300"}, {"retry-after", "1"}}), 300);
  EXPECT_EQ(hint_in_ms({{"x-ms-retry-after-ms", "250.5"}, {"retry-after", "1"}}), 250.5);
  EXPECT_EQ(hint_in_ms({{"retry-after-ms", "300"}, {"x-ms-retry-after-ms", "20"}}), 300);
  EXPECT_EQ(hint_in_ms({{"retry-after-ms", "x"}, {"x-ms-retry-after-ms", "20"}}), 20);
}

// Case 18.
TEST(CooldownHint, IsTheResetOfTheWindowInWhichNothingRemains) {
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset-requests", "6m0s"},
                        {"x-ratelimit-remaining-requests", "0"},
                        {"x-ratelimit-reset-tokens", "12ms"},
                        {"x-ratelimit-remaining-tokens", "5"}}),
            360'000);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset-requests", "1s"},
                        {"x-ratelimit-remaining-requests", "0"},
                        {"x-ratelimit-reset-tokens", "1h2m3s"},
                        {"x-ratelimit-remaining-tokens", "0"}}),
            3'723'000);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset-tokens-minute", "11.382"},
                        {"x-ratelimit-remaining-tokens-minute", "0"},
                        {"x-ratelimit-reset-requests-day", "33011.38"},
                        {"x-ratelimit-remaining-requests-day", "14"}}),
            11'382);
  // When a bucket is full again is not when the request fits.
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset-requests", "6ms"},
                        {"x-ratelimit-remaining-requests", "9999"}}),
            std::nullopt);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset-tokens", "2m59.56s"}}), 179'560);
}

// Case 19.
TEST(CooldownHint, IsTheResetOfAnthropicsWindows) {
  EXPECT_EQ(hint_in_ms({{"anthropic-ratelimit-tokens-reset", "2026-11-30T08:00:30Z"},
                        {"anthropic-ratelimit-tokens-remaining", "0"},
                        {"anthropic-ratelimit-requests-reset", "2026-11-30T08:00:01Z"},
                        {"anthropic-ratelimit-requests-remaining", "49"}}),
            29'500);
  EXPECT_EQ(hint_in_ms({{"anthropic-ratelimit-input-tokens-reset", "2026-11-30T08:00:05.250Z"},
                        {"anthropic-ratelimit-input-tokens-remaining", "0"},
                        {"anthropic-ratelimit-output-tokens-reset", "2026-11-30T09:00:07+01:00"},
                        {"anthropic-ratelimit-output-tokens-remaining", "0"}}),
            6500);
  // None is empty: the earliest.
  EXPECT_EQ(hint_in_ms({{"anthropic-ratelimit-tokens-reset", "2026-11-30T08:00:30Z"},
                        {"anthropic-ratelimit-tokens-remaining", "1000"},
                        {"anthropic-ratelimit-requests-reset", "2026-11-30T08:00:03Z"},
                        {"anthropic-ratelimit-requests-remaining", "49"}}),
            2500);
  EXPECT_EQ(hint_in_ms({{"anthropic-ratelimit-unified-reset", "1796025620"}}), 19'500);
}

// Case 20.
TEST(CooldownHint, IsAResetFromNowOrInSecondsOrMillisecondsFrom1970) {
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset", "7"}}), 7000);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset", "1796025620"}}), 19'500);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset", "1796025620250"}}), 19'750);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset", "1796025600"}}), std::nullopt);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset", "Mon, 30 Nov 2026 08:00:10 GMT"}}), 9500);
}

TEST(CooldownHint, IsTheResetOfTheDraftsForAllServices) {
  EXPECT_EQ(hint_in_ms({{"ratelimit-reset", "50"}}), 50'000);
  EXPECT_EQ(hint_in_ms({{"ratelimit", "limit=100, remaining=0, reset=5"}}), 5000);
  EXPECT_EQ(hint_in_ms({{"ratelimit", "limit=100;r=0;t=5"}}), 5000);
  EXPECT_EQ(hint_in_ms({{"ratelimit", "limit=100;t=5"}}), 5000);
  EXPECT_EQ(hint_in_ms({{"ratelimit", R"("burst";r=0;t=6, "day";r=99;t=80)"}}), 6000);
  EXPECT_EQ(hint_in_ms({{"ratelimit", R"("burst";r=0;t=6,"day";r=0;t=80)"}}), 80'000);
  EXPECT_EQ(hint_in_ms({{"ratelimit", "t=-5;;,=;t"}}), std::nullopt);
}

TEST(CooldownHint, IsWhatTheBodySays) {
  EXPECT_EQ(hint_in_ms({}, R"([{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED",)"
                           R"("details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
                           R"("retryDelay":"34.5s"}]}}])"),
            34'500);
  for (const auto& [message, ms] : std::vector<std::pair<std::string_view, double>>{
           {"Rate limit reached for gpt-4o. Please try again in 1.2s. Visit https://x", 1200},
           {"Please try again in 20ms.", 20},
           {"Limit 100000, Used 97050. Please try again in 9m38.016s. Need more?", 578'016},
           {"Please try again in 1m30s", 90'000},
           {"Please retry in 36.429760048s.", 36'429.760048},
           {"Please retry after 6 seconds. Contact Azure support", 6000},
           {"Try again in 2 minutes", 120'000}}) {
    EXPECT_EQ(hint_in_ms({}, R"({"error":{"message":")" + std::string(message) + R"("}})"), ms);
  }
  EXPECT_EQ(hint_in_ms({}, R"({"error":{"type":"usage_limit_reached","resets_in_seconds":4000}})"),
            4'000'000);
  EXPECT_EQ(hint_in_ms({{"retry-after", "2"}}, R"({"error":{"message":"try again in 9s"}})"), 2000);
  for (const std::string_view message :
       {"Please try again in a moment", "try again in 5 apples", "try again in 5sheep",
        "try again in", "try again in -5s", "Please try again later."}) {
    EXPECT_EQ(hint_in_ms({}, message), std::nullopt) << message;
  }
}

TEST(CooldownHint, TakesTheFirstDialectThatSaysSomething) {
  Fields fields = {{"retry-after-ms", "1"},
                   {"retry-after", "2"},
                   {"anthropic-ratelimit-requests-reset", "2026-11-30T08:00:03.5Z"},
                   {"anthropic-ratelimit-unified-reset", "1796025604.5"},
                   {"x-ratelimit-reset-requests", "5s"},
                   {"x-ratelimit-reset", "6"},
                   {"ratelimit-reset", "7"}};
  const std::string_view body = R"({"error":{"message":"x","details":[{"retryDelay":"8s"}]}})";
  const std::vector<std::pair<std::string_view, double>> order = {
      {"retry-after-ms", 1},
      {"retry-after", 2000},
      {"anthropic-ratelimit-requests-reset", 3000},
      {"anthropic-ratelimit-unified-reset", 4000},
      {"x-ratelimit-reset-requests", 5000},
      {"x-ratelimit-reset", 6000},
      {"ratelimit-reset", 7000},
      {"", 8000}};
  for (const auto& [name, ms] : order) {
    EXPECT_EQ(hint_in_ms(fields, body), ms) << name;
    // Garbage is as if it were not there.
    if (!name.empty()) fields.find(name)->second = "garbage";
  }
  EXPECT_EQ(hint_in_ms(fields), std::nullopt);
}

// Case 21.
TEST(CooldownHint, IgnoresWhatIsNegativePastOrNoNumberAndBoundsTheRest) {
  for (const std::string_view name :
       {"retry-after-ms", "x-ms-retry-after-ms", "retry-after", "x-ratelimit-reset-tokens",
        "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-unified-reset",
        "x-ratelimit-reset", "ratelimit-reset", "ratelimit"}) {
    for (const std::string_view text : {"",
                                        " ",
                                        "-1",
                                        "-0.5",
                                        "nan",
                                        "NaN",
                                        "inf",
                                        "-inf",
                                        "1e3",
                                        "0x10",
                                        "1,5",
                                        "+5",
                                        "5 5",
                                        "1s-",
                                        "Sun, 06 Nov 1994 08:49:37 GMT",
                                        "1994-11-06T08:49:37Z",
                                        "2026-13-01T00:00:00Z",
                                        "2026-11-30T08:00:10",
                                        "2026-11-30T08:00:10+25:00",
                                        "t=nan",
                                        "t=-1"}) {
      EXPECT_EQ(hint_in_ms({{std::string(name), std::string(text)}}), std::nullopt)
          << name << ": " << text;
    }
  }
  const std::string many(400, '9');
  const double most = 3650.0 * 86'400'000;
  for (const std::string_view name :
       {"retry-after-ms", "retry-after", "x-ratelimit-reset-tokens", "x-ratelimit-reset",
        "ratelimit-reset", "anthropic-ratelimit-unified-reset"}) {
    EXPECT_EQ(hint_in_ms({{std::string(name), many}}), most) << name;
  }
  EXPECT_EQ(hint_in_ms({{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"}}), most);
  EXPECT_EQ(hint_in_ms({{"anthropic-ratelimit-tokens-reset", "9999-12-31T23:59:59Z"}}), most);
  EXPECT_EQ(hint_in_ms({{"x-ratelimit-reset-tokens", "999999999h999999999h"}}), most);
  EXPECT_EQ(hint_in_ms({{"retry-after", "18446744073709551617"}}), most);
}

TEST(NothingRemains, SaysForHowLongASuccessWasTheLast) {
  const auto remains = [](const Fields& fields) {
    return nothing_remains(reader_of(fields), kNow);
  };
  EXPECT_EQ(
      remains({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "3s"}}), 3s);
  EXPECT_EQ(
      remains({{"x-ratelimit-remaining-requests", "1"}, {"x-ratelimit-reset-requests", "3s"}}),
      std::nullopt);
  EXPECT_EQ(remains({{"x-ratelimit-reset-requests", "3s"}}), std::nullopt);
  EXPECT_EQ(remains({{"anthropic-ratelimit-tokens-remaining", "0"},
                     {"anthropic-ratelimit-tokens-reset", "2026-11-30T08:00:30Z"},
                     {"ratelimit", R"("x";r=0;t=2)"}}),
            29'500ms);
  EXPECT_EQ(remains({{"retry-after", "3"}}), std::nullopt);
}

// Whatever the bytes, an answer is not negative and not too long.
TEST(CooldownHint, IsSoundForRandomTexts) {
  constexpr std::string_view kAlphabet = "0123456789.-+:TZ ,;=smhdunµGMTaeiNovJr\"/e";
  constexpr std::string_view kNames[] = {"retry-after-ms",
                                         "retry-after",
                                         "anthropic-ratelimit-tokens-reset",
                                         "anthropic-ratelimit-unified-reset",
                                         "x-ratelimit-reset-tokens",
                                         "x-ratelimit-reset",
                                         "ratelimit"};
  SeededRandom random(7);
  std::size_t found = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text(random.next() % 24, ' ');
    for (char& c : text) c = kAlphabet[random.next() % kAlphabet.size()];
    const std::string name(kNames[random.next() % std::size(kNames)]);
    const Fields fields = {{name, text}};
    const auto hint = cooldown_hint(reader_of(fields), i % 2 == 0 ? "" : "try again in " + text,
                                    kNow + nanoseconds(random.next() % 1'000'000'000));
    if (!hint) continue;
    ++found;
    EXPECT_GE(*hint, 0ns) << name << ' ' << text;
    EXPECT_LE(*hint, 24h * 3650) << name << ' ' << text;
  }
  EXPECT_GT(found, 500U);
}

}  // namespace
}  // namespace penstock::routing
