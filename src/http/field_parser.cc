#include "http/field_parser.h"

#include <algorithm>

#include "core/text.h"
#include "http/characters.h"

namespace penstock::http {
namespace {

// Calls `use` with every element of a comma-separated list (RFC 9110 section 5.6.1).
template <class Use>
void for_each_element(std::string_view list, Use use) {
  while (true) {
    const std::size_t comma = list.find(',');
    use(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// uri-host [ ":" port ]. Sub-delims and percent-encoding are legal in a reg-name, but occur in no
// DNS name and no address, and a comma would join two hosts; `@` and `/` are tricks to make a host
// look like something else.
bool is_host(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.starts_with('[')) {
    ++at;
    while (at != end && (is_in(kHexCharacter, *at) || *at == ':' || *at == '.')) ++at;
    if (at == end || *at != ']' || at == text.data() + 1) return false;
    ++at;
  } else {
    at = skip_class(kHostCharacter, at, end);
    if (at == text.data()) return false;
  }
  if (at == end) return true;
  if (*at != ':' || end - at > 6) return false;
  return std::all_of(at + 1, end, is_digit);
}

Fault note_host(std::string_view value, Directives& directives) {
  if (directives.has_host) return malformed("there is more than one Host field");
  if (!is_host(value)) return malformed("the Host field is not a host and port");
  directives.has_host = true;
  return {};
}

Fault note_length(std::string_view value, Directives& directives) {
  if (directives.length) return malformed("there is more than one Content-Length field");
  directives.length = parse_decimal(value);
  if (!directives.length) return malformed("the Content-Length is not a number of 1 to 19 digits");
  return {};
}

// `chunked` is supported. Other codings by name, with `chunked` at most as the last of them, are
// valid but not supported; anything else leaves the body's end unknown (RFC 9112 section 6.3).
Fault note_coding(std::string_view value, Directives& directives) {
  if (directives.coding != Directives::Coding::kNone) {
    return malformed("there is more than one Transfer-Encoding field");
  }
  directives.coding = Directives::Coding::kChunked;
  if (equals_ignoring_case(value, "chunked")) return {};
  directives.coding = Directives::Coding::kOther;
  bool sound = true;
  bool after_chunked = false;
  for_each_element(value, [&](std::string_view element) {
    sound = sound && !after_chunked && is_token(element);
    after_chunked = equals_ignoring_case(element, "chunked");
  });
  if (!sound) return malformed("the Transfer-Encoding does not say how the body ends");
  return {};
}

void note_connection(std::string_view value, Directives& directives) {
  for_each_element(value, [&directives](std::string_view option) {
    if (equals_ignoring_case(option, "close")) directives.close = true;
    if (equals_ignoring_case(option, "keep-alive")) directives.keep_alive = true;
  });
}

Fault note_expectation(std::string_view value, Directives& directives) {
  if (!equals_ignoring_case(value, "100-continue")) {
    return {ErrorKind::kExpectationFailed, "the only supported expectation is 100-continue"};
  }
  directives.expects_continue = true;
  return {};
}

Fault note_field(const Field& field, Direction direction, Directives& directives) {
  const bool is_request = direction == Direction::kRequest;
  switch (field.known_name) {
    case FieldName::kHost:
      return is_request ? note_host(field.value, directives) : Fault{};
    case FieldName::kExpect:
      return is_request ? note_expectation(field.value, directives) : Fault{};
    case FieldName::kConnection:
      note_connection(field.value, directives);
      return {};
    case FieldName::kContentLength:
      return note_length(field.value, directives);
    case FieldName::kTransferEncoding:
      return note_coding(field.value, directives);
    default:
      return {};
  }
}

}  // namespace

// The whole line's form is checked before its meaning, so that a control character anywhere in it
// gives the same error whether the line came whole or in pieces.
Fault parse_field_line(const char*& at, const char* end, Direction direction,
                       const HeadLimits& limits, Fields& fields, Directives& directives) {
  const char* const name_end = skip_class(kTokenCharacter, at, end);
  if (name_end == at) return malformed("a field line is folded or has no name");
  if (name_end == end || *name_end != ':') return malformed("a field name is not a token");
  const char* value = name_end + 1;
  while (value != end && is_blank(*value)) ++value;
  const char* const line_end = skip_value(value, end);
  if (end - line_end < 2 || line_end[0] != '\r' || line_end[1] != '\n') {
    return malformed("a field value contains a control character or does not end in CRLF");
  }
  const char* value_end = line_end;
  while (value_end != value && is_blank(value_end[-1])) --value_end;

  if (fields.size() >= limits.fields) return {ErrorKind::kTooManyFields, "too many header fields"};
  const Field& field = fields.add({at, static_cast<std::size_t>(name_end - at)},
                                  {value, static_cast<std::size_t>(value_end - value)});
  at = line_end + 2;
  return note_field(field, direction, directives);
}

Fault decide_framing(Version version, const Directives& directives, Framing& framing) {
  framing = {};
  if (directives.coding == Directives::Coding::kNone) {
    if (directives.length) framing = {Framing::Kind::kLength, *directives.length};
    return {};
  }
  if (directives.length) return malformed("both Content-Length and Transfer-Encoding are given");
  if (version == Version::kHttp10) return malformed("HTTP/1.0 has no Transfer-Encoding");
  if (directives.coding == Directives::Coding::kOther) {
    return {ErrorKind::kNotImplemented, "the only supported transfer coding is chunked"};
  }
  framing.kind = Framing::Kind::kChunked;
  return {};
}

bool decide_keep_alive(Version version, const Directives& directives) {
  return !directives.close && (version == Version::kHttp11 || directives.keep_alive);
}

Walk judge_unfinished(std::string_view buffer, std::string_view line, const HeadLimits& limits) {
  const char* const end = line.data() + line.size();
  const char* const stop = skip_value(line.data(), end);
  // A CR as the last byte may still be followed by its LF.
  const bool sound = stop == end || (*stop == '\r' && stop + 1 == end);
  if (!sound) return {0, malformed("a line contains a control character or does not end in CRLF")};
  if (buffer.size() >= limits.bytes) {
    return {0, {ErrorKind::kHeadTooLarge, "the header is larger than the limit"}};
  }
  return {};
}

std::string_view unscanned(std::string_view view, std::size_t scanned) {
  std::size_t from = std::min(scanned, view.size());
  if (from > 0 && view[from - 1] == '\r') --from;
  return view.substr(from);
}

bool is_token(std::string_view text) {
  const char* const end = text.data() + text.size();
  return !text.empty() && skip_class(kTokenCharacter, text.data(), end) == end;
}

bool is_field_value(std::string_view text) {
  const char* const end = text.data() + text.size();
  return skip_value(text.data(), end) == end;
}

}  // namespace penstock::http
