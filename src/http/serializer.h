#pragma once

// Writes message heads and chunk framing, by appending to a string that the caller reuses.
//
// Nothing that is written can end a line or a message early: names, values, methods, targets and
// reasons are checked, and one that the parser itself would not accept ends the program. Such a
// value cannot come from a peer, whose fields passed the parser; it is a bug, and an injected line
// would be worse than a crash. Check text from elsewhere (configuration, JSON) with is_token and
// is_field_value first.
//
// A head is a request or status line, fields, and append_head_end. Lengths are in bytes. Only this
// room, and tools that speak HTTP/1 themselves, write heads.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/head.h"
#include "http/name_literal.h"

namespace penstock::http {

// `POST /v1/models HTTP/1.1`.
void append_request_line(std::string& out, std::string_view method,
                         std::initializer_list<std::string_view> target_parts);

// `HTTP/1.1 200 OK`. An empty reason is legal; the first form takes the registered one.
void append_status_line(std::string& out, int status);
void append_status_line(std::string& out, int status, std::string_view reason);

// The first form, in memory of its own.
class StatusLine {
 public:
  void assign(int status);
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 64> text_;  // longer than with any registered reason
  std::size_t size_ = 0;
};

void append_field(std::string& out, std::string_view name, std::string_view value);
// The same for a name that is checked already.
void append_literal_field(std::string& out, NameLiteral name, std::string_view value);
// A field from the parser, which has checked it.
void append_received_field(std::string& out, const Field& field);
void append_content_length(std::string& out, std::uint64_t length_bytes);

// Content-Length or Transfer-Encoding; nothing for the other kinds.
void append_framing(std::string& out, const Framing& framing);

// `Date:` as an IMF-fixdate (RFC 9110 section 5.6.7), in whole seconds; years 0 to 9999.
void append_date(std::string& out, WallTime now);

void append_head_end(std::string& out);

// Chunked coding (RFC 9112 section 7.1): the header of a chunk of `data_bytes`, which must not be 0
// because that would end the body; after the data, kChunkEnd; after the last chunk, kLastChunk.
void append_chunk_header(std::string& out, std::uint64_t data_bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// The reason phrase of a registered status (RFC 9110 section 15 and the IANA registry), else empty.
std::string_view reason_phrase(int status);

}  // namespace penstock::http
