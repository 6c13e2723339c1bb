#include "telemetry/timestamp.h"

namespace penstock::telemetry {
namespace {

void put_digits(char* at, int width, unsigned value) {
  for (int i = width - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::string_view Timestamp::text(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_) write_second(second);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time - second);
  put_digits(&text_[20], 3, static_cast<unsigned>(milliseconds.count()));
  return {text_.data(), text_.size()};
}

void Timestamp::write_second(std::chrono::sys_seconds second) {
  second_ = second;
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  static_assert(kForm.size() == kBytes);
  kForm.copy(text_.data(), kBytes);
  put_digits(&text_[0], 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(&text_[5], 2, static_cast<unsigned>(date.month()));
  put_digits(&text_[8], 2, static_cast<unsigned>(date.day()));
  put_digits(&text_[11], 2, static_cast<unsigned>(clock.hours().count()));
  put_digits(&text_[14], 2, static_cast<unsigned>(clock.minutes().count()));
  put_digits(&text_[17], 2, static_cast<unsigned>(clock.seconds().count()));
}

}  // namespace penstock::telemetry
