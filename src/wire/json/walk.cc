#include "wire/json/walk.h"

#include <simdjson.h>

#include <algorithm>

namespace penstock::wire {
namespace {

bool is_of_scalar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '+' || c == '.';
}

}  // namespace

bool JsonWalk::pass(const JsonScan& scan) {
  at_ = scan.at;
  fault_ = scan.fault;
  ascii_ = ascii_ && scan.ascii;
  return fault_ == JsonFault::kNone;
}

std::optional<JsonWalk::String> JsonWalk::take_string() {
  const char* const inside = at_ + 1;
  const JsonScan scan = scan_json(at_, end_, instructions_);
  if (!pass(scan)) return std::nullopt;
  return String{{inside, static_cast<std::size_t>(at_ - 1 - inside)}, scan.escaped};
}

std::optional<std::string_view> JsonWalk::take_value() {
  const char* const value = at_;
  if (next() == '"' || next() == '{' || next() == '[') {
    if (!pass(scan_json(at_, end_, instructions_))) return std::nullopt;
  } else {
    at_ = std::find_if_not(at_, end_, is_of_scalar);
  }
  return std::string_view(value, static_cast<std::size_t>(at_ - value));
}

std::optional<JsonWalk::Member> JsonWalk::take_member() {
  skip_space();
  if (next() != '"') return wrong_token();
  const auto key = take_string();
  if (!key) return std::nullopt;
  skip_space();
  if (!take(':')) return wrong_token();
  skip_space();
  const std::size_t begin = position();
  const auto value = take_value();
  if (!value) return std::nullopt;
  skip_space();
  return Member{*key, *value, begin};
}

std::nullopt_t JsonWalk::wrong_token() {
  fault_ = JsonFault::kWrongToken;
  return std::nullopt;
}

bool JsonWalk::is_utf8() const {
  return ascii_ || simdjson::validate_utf8(begin_, static_cast<std::size_t>(end_ - begin_));
}

}  // namespace penstock::wire
