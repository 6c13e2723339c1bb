// The heads of answers, of arbitrary bytes. The first byte chooses how the rest is cut and whether
// the request was HEAD; cutting must not change the result.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/parser.h"
#include "require.h"

namespace {

using penstock::ErrorKind;
using penstock::Result;
using namespace penstock::http;
using penstock::fuzz::require;

constexpr HeadLimits kLimits{.bytes = 512, .fields = 8};

void check_head(const ResponseHead& head) {
  require(head.status >= 100 && head.status <= 999);
  require(is_field_value(head.reason));
  for (const Field& field : head.fields) {
    require(is_token(field.name) && is_field_value(field.value));
  }
  if (head.framing.kind == Framing::Kind::kUntilClose) require(!head.keep_alive);
}

Result<Parsed> feed(std::string_view text, std::size_t piece_bytes, ResponseHead& head) {
  std::size_t scanned = 0;
  for (std::size_t size = piece_bytes; size < text.size(); size += piece_bytes) {
    auto parsed = parse_response_head(text.substr(0, size), scanned, kLimits, head);
    if (!parsed || parsed->complete()) return parsed;
    scanned = size;
  }
  return parse_response_head(text, scanned, kLimits, head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = data[0] % 64 + 1;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);

  ResponseHead whole_head;
  const auto whole = parse_response_head(text, 0, kLimits, whole_head);
  ResponseHead cut_head;
  const auto cut = feed(text, piece_bytes, cut_head);

  require(whole.has_value() == cut.has_value());
  if (!whole) {
    require(whole.error().kind == ErrorKind::kUpstreamInvalidResponse);
    return 0;
  }
  require(whole->head_bytes == cut->head_bytes);
  if (!whole->complete()) return 0;
  check_head(whole_head);
  require(whole_head.status == cut_head.status);
  require(whole_head.framing.kind == cut_head.framing.kind);
  require(whole_head.framing.length == cut_head.framing.length);
  require(whole_head.keep_alive == cut_head.keep_alive);
  return 0;
}
