#include "http/serializer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "http/characters.h"
#include "http/parser.h"

namespace penstock::http {

using namespace std::string_view_literals;

namespace {

// Not an assert, so that releases check too: see the header. The message never contains the value.
void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "penstock: refused to write %s\n", what);
  std::abort();
}

void require_status(int status) {
  require(status >= 100 && status <= 999, "a status that has not three digits");
}

bool is_target(std::string_view text) {
  const char* const end = text.data() + text.size();
  return !text.empty() && skip_class(kTargetCharacter, text.data(), end) == end;
}

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 20> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end);
}

// The last `width` decimal digits, with leading zeros.
void append_padded(std::string& out, unsigned number, unsigned width) {
  std::array<char, 4> digits;
  for (unsigned i = width; i > 0; --i, number /= 10) {
    digits[i - 1] = static_cast<char>('0' + number % 10);
  }
  out.append(digits.data(), width);
}

// In one step: a head has many fields, and each append() has its price.
void append_line(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::string_view kBetween = ": ";
  constexpr std::string_view kEnd = "\r\n";
  const std::size_t before = out.size();
  const std::size_t after = before + name.size() + kBetween.size() + value.size() + kEnd.size();
  // The second argument is the capacity, if GCC 12 has to enlarge the text.
  out.resize_and_overwrite(after, [&](char* text, std::size_t) {
    char* at = text + before;
    std::memcpy(at, name.data(), name.size());
    at += name.size();
    std::memcpy(at, kBetween.data(), kBetween.size());
    at += kBetween.size();
    std::memcpy(at, value.data(), value.size());
    at += value.size();
    std::memcpy(at, kEnd.data(), kEnd.size());
    return after;
  });
}

}  // namespace

void append_request_line(std::string& out, std::string_view method,
                         std::initializer_list<std::string_view> target_parts) {
  require(is_token(method), "a method that is not a token");
  out.append(method).append(" "sv);
  const std::size_t begin = out.size();
  for (const std::string_view part : target_parts) out.append(part);
  const std::string_view target = std::string_view(out).substr(begin);
  require(is_target(target), "a target with characters that it may not hold");
  out.append(" HTTP/1.1\r\n"sv);
}

void append_status_line(std::string& out, int status) {
  append_status_line(out, status, reason_phrase(status));
}

void StatusLine::assign(int status) {
  require_status(status);
  const std::string_view reason = reason_phrase(status);
  const auto digit = [](int number) { return static_cast<char>('0' + number % 10); };
  char* at = std::ranges::copy("HTTP/1.1 "sv, text_.data()).out;
  for (const int number : {status / 100, status / 10, status}) *at++ = digit(number);
  *at++ = ' ';
  at = std::ranges::copy(reason, at).out;
  at = std::ranges::copy("\r\n"sv, at).out;
  size_ = static_cast<std::size_t>(at - text_.data());
}

void append_status_line(std::string& out, int status, std::string_view reason) {
  require_status(status);
  const char* const end = reason.data() + reason.size();
  require(skip_value(reason.data(), end) == end, "a reason with control characters");
  out.append("HTTP/1.1 "sv);
  append_padded(out, static_cast<unsigned>(status), 3);
  out.append(" "sv).append(reason).append("\r\n"sv);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  require(is_token(name), "a field name that is not a token");
  require(is_field_value(value), "a field value with characters that it may not hold");
  append_line(out, name, value);
}

void append_literal_field(std::string& out, NameLiteral name, std::string_view value) {
  require(is_field_value(value), "a field value with characters that it may not hold");
  append_line(out, name.text(), value);
}

void append_received_field(std::string& out, const Field& field) {
  append_line(out, field.name, field.value);
}

void append_content_length(std::string& out, std::uint64_t length_bytes) {
  out.append("Content-Length: "sv);
  append_number(out, length_bytes, 10);
  out.append("\r\n"sv);
}

void append_framing(std::string& out, const Framing& framing) {
  if (framing.kind == Framing::Kind::kLength) append_content_length(out, framing.length);
  if (framing.kind == Framing::Kind::kChunked) out.append("Transfer-Encoding: chunked\r\n"sv);
}

void append_date(std::string& out, WallTime now) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now) - day);

  out.append("Date: ");
  out.append(kDays.substr(std::chrono::weekday(day).c_encoding() * 3, 3)).append(", ");
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out.append(" ").append(kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  out.append(" ");
  append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out.append(" ");
  append_padded(out, static_cast<unsigned>(time.hours().count()), 2);
  out.append(":");
  append_padded(out, static_cast<unsigned>(time.minutes().count()), 2);
  out.append(":");
  append_padded(out, static_cast<unsigned>(time.seconds().count()), 2);
  out.append(" GMT\r\n");
}

void append_head_end(std::string& out) {
  out.append("\r\n"sv);
}

void append_chunk_header(std::string& out, std::uint64_t data_bytes) {
  require(data_bytes > 0, "a chunk without data, which would end the body");
  append_number(out, data_bytes, 16);
  out.append("\r\n"sv);
}

std::string_view reason_phrase(int status) {
  switch (status) {
      // clang-format off
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 208: return "Already Reported";
    case 226: return "IM Used";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 305: return "Use Proxy";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 506: return "Variant Also Negotiates";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    case 511: return "Network Authentication Required";
    default: return {};
      // clang-format on
  }
}

}  // namespace penstock::http
