#pragma once

// What requests and responses have in common: walking a head's lines, the field lines, and the
// fields that control the connection. Used only by the two parsers of http/parser.h.
//
// When lines are checked: once their LF is in the buffer; a control character that no head may
// contain, as soon as it is in the buffer. So the result is a function of the bytes in the buffer
// alone: it does not depend on how they were cut on their way, and does not change when more bytes
// arrive.
//
// Cost: one pass over the bytes. A head that arrives in pieces is walked again from its start once
// for each piece that ends a line, so at most HeadLimits::fields times; other pieces cost only
// their own bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "http/head.h"
#include "http/parser.h"

namespace penstock::http {

// Why a head is refused. The text is a literal: it repeats nothing of what was sent.
struct Fault {
  ErrorKind kind = ErrorKind::kMalformedRequest;
  const char* message = nullptr;
  explicit operator bool() const { return message != nullptr; }
};

inline Fault malformed(const char* message) {
  return {ErrorKind::kMalformedRequest, message};
}

// What the fields say about the connection and the body.
struct Directives {
  enum class Coding : std::uint8_t { kNone, kChunked, kOther };
  std::optional<std::uint64_t> length;
  Coding coding = Coding::kNone;
  bool has_host = false;
  bool close = false;
  bool keep_alive = false;
  bool expects_continue = false;
};

// Parses the field line at `at`, moves `at` after its CRLF, adds the field to `fields` and notes
// what it directs. A line that the buffer cuts off is a fault like any other.
Fault parse_field_line(const char*& at, const char* end, Direction direction,
                       const HeadLimits& limits, Fields& fields, Directives& directives);

// The framing that version, Content-Length and Transfer-Encoding agree on (RFC 9112 section 6.3);
// kNone if there is neither.
Fault decide_framing(Version version, const Directives& directives, Framing& framing);

// Whether the connection outlives the message (RFC 9112 section 9.3).
bool decide_keep_alive(Version version, const Directives& directives);

struct Walk {
  std::size_t head_bytes = 0;  // 0: more bytes are needed, or there is a fault
  Fault fault;
};

// The result while the head's end is missing: whether `line`, its last and incomplete line, may
// still become valid, and the buffer may still grow.
Walk judge_unfinished(std::string_view buffer, std::string_view line, const HeadLimits& limits);

// The bytes from `scanned` on, with the CR before them if there is one.
std::string_view unscanned(std::string_view view, std::size_t scanned);

// Walks a head's lines. `parse_start_line(at, end)` has the form of parse_field_line.
template <class ParseStartLine>
Walk walk_head(std::string_view buffer, std::size_t scanned, Direction direction,
               const HeadLimits& limits, Fields& fields, Directives& directives,
               ParseStartLine parse_start_line) {
  const std::string_view view = buffer.substr(0, limits.bytes);
  if (scanned > 0) {
    const std::string_view news = unscanned(view, scanned);
    if (news.find('\n') == std::string_view::npos) return judge_unfinished(buffer, news, limits);
  }
  fields.clear();
  const char* at = view.data();
  const char* const end = at + view.size();
  const auto at_empty_line = [&] { return end - at >= 2 && at[0] == '\r' && at[1] == '\n'; };

  if (direction == Direction::kRequest && at_empty_line()) at += 2;
  const char* line = at;
  Fault fault = parse_start_line(at, end);
  while (!fault && !at_empty_line()) {
    line = at;
    fault = parse_field_line(at, end, direction, limits, fields, directives);
  }
  if (!fault) return {static_cast<std::size_t>(at + 2 - view.data()), {}};

  const std::string_view rest(line, static_cast<std::size_t>(end - line));
  if (rest.find('\n') == std::string_view::npos) return judge_unfinished(buffer, rest, limits);
  return {0, fault};
}

}  // namespace penstock::http
