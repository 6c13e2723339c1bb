// The request side of a connection: heads, framing and chunked bodies of arbitrary bytes.
//
// The first byte chooses how the rest is cut. Besides what the sanitizers check: cutting does not
// change the result (two servers that get different pieces would otherwise see different requests),
// and what is accepted follows the rules.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/parser.h"
#include "http/target.h"
#include "require.h"

namespace {

using penstock::Result;
using namespace penstock::http;
using penstock::fuzz::require;

// Small, so that the fuzzer reaches both.
constexpr HeadLimits kLimits{.bytes = 512, .fields = 8};

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_head(const RequestHead& head, std::string_view text) {
  require(is_token(head.method) && lies_in(head.method, text));
  require(!head.target.empty() && lies_in(head.target, text));
  require(head.version == Version::kHttp10 || head.fields.find("host").has_value());
  require(head.fields.size() <= kLimits.fields);
  for (const Field& field : head.fields) {
    require(is_token(field.name) && lies_in(field.name, text));
    require(is_field_value(field.value) && lies_in(field.value, text));
  }
  require(head.framing.kind != Framing::Kind::kUntilClose);
  if (head.framing.kind == Framing::Kind::kChunked) {
    require(head.version == Version::kHttp11 && !head.fields.find("content-length"));
  }
  if (const auto target = split_target(head.target)) {
    require(target->path.starts_with('/') && !target->path.starts_with("//"));
  }
}

// The result of a connection that is fed `piece_bytes` at a time: the length of the head, or the
// error, at the buffer size at which it was known.
Result<Parsed> feed(std::string_view text, std::size_t piece_bytes, RequestHead& head) {
  std::size_t scanned = 0;
  for (std::size_t size = piece_bytes; size < text.size(); size += piece_bytes) {
    auto parsed = parse_request_head(text.substr(0, size), scanned, kLimits, head);
    if (!parsed || parsed->complete()) return parsed;
    scanned = size;
  }
  return parse_request_head(text, scanned, kLimits, head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = data[0] % 64 + 1;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);

  RequestHead whole_head;
  const auto whole = parse_request_head(text, 0, kLimits, whole_head);
  RequestHead cut_head;
  const auto cut = feed(text, piece_bytes, cut_head);

  require(whole.has_value() == cut.has_value());
  if (!whole) {
    require(whole.error().kind == cut.error().kind);
    return 0;
  }
  require(whole->head_bytes == cut->head_bytes);
  if (!whole->complete()) return 0;
  require(whole->head_bytes <= kLimits.bytes);
  check_head(whole_head, std::string_view(text).substr(0, whole->head_bytes));
  require(whole_head.target == cut_head.target);
  require(whole_head.framing.kind == cut_head.framing.kind);
  require(whole_head.framing.length == cut_head.framing.length);
  require(whole_head.keep_alive == cut_head.keep_alive);
  return 0;
}
