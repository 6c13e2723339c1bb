#include "config/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/text.h"

namespace penstock::config {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::size_t kFractionDigits = 9;

// Takes pieces from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool is_good() const { return is_good_; }
  bool is_done() const { return is_good_ && rest_.empty(); }
  bool has_next(std::string_view choices) const {
    return !rest_.empty() && choices.contains(rest_.front());
  }

  char next(std::string_view choices) {
    if (!has_next(choices)) return fail();
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // A number of that many digits.
  unsigned number(std::size_t digits, unsigned most) {
    const auto value =
        rest_.size() < digits ? std::nullopt : parse_decimal(rest_.substr(0, digits));
    if (!value || *value > most) return static_cast<unsigned>(fail());
    rest_.remove_prefix(digits);
    return static_cast<unsigned>(*value);
  }

  // What follows the point of a second.
  nanoseconds fraction() {
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits == 0 || digits > kFractionDigits) return nanoseconds(fail());
    std::string text(rest_.substr(0, digits));
    text.append(kFractionDigits - digits, '0');
    rest_.remove_prefix(digits);
    return nanoseconds(*parse_decimal(text));
  }

 private:
  char fail() {
    is_good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

seconds offset_in(Reader& reader) {
  const char sign = reader.next("Zz+-");
  if (sign != '+' && sign != '-') return seconds(0);
  const std::chrono::hours hours(reader.number(2, 23));
  reader.next(":");
  const std::chrono::minutes minutes(reader.number(2, 59));
  return sign == '+' ? hours + minutes : -(hours + minutes);
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  Reader reader(text);
  const std::chrono::year year(static_cast<int>(reader.number(4, 2199)));
  reader.next("-");
  const std::chrono::month month(reader.number(2, 12));
  reader.next("-");
  const std::chrono::year_month_day date(year, month, std::chrono::day(reader.number(2, 31)));
  if (!reader.is_good() || !date.ok() || year < std::chrono::year(1970)) return std::nullopt;
  const WallTime day = sys_days(date);
  if (reader.is_done()) return day;
  reader.next("Tt ");
  const std::chrono::hours hours(reader.number(2, 23));
  reader.next(":");
  const std::chrono::minutes minutes(reader.number(2, 59));
  reader.next(":");
  nanoseconds within = hours + minutes + seconds(reader.number(2, 59));
  if (reader.has_next(".")) {
    reader.next(".");
    within += reader.fraction();
  }
  within -= offset_in(reader);
  if (!reader.is_done()) return std::nullopt;
  return day + std::chrono::duration_cast<WallTime::duration>(within);
}

std::string time_text(WallTime time) {
  const sys_days day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const std::chrono::hh_mm_ss within(std::chrono::duration_cast<nanoseconds>(time - day));
  if (within.to_duration() == nanoseconds(0)) return text;
  text += fmt::format("T{:02}:{:02}:{:02}", within.hours().count(), within.minutes().count(),
                      within.seconds().count());
  if (within.subseconds().count() > 0) {
    text += fmt::format(".{:09}", within.subseconds().count());
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

}  // namespace penstock::config
