#include "http/refusal.h"

#include "http/characters.h"
#include "http/serializer.h"

namespace penstock::http {

namespace {

// A server ignores an empty line before the request line (RFC 9112 section 2.2).
std::string_view without_empty_line(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  return bytes;
}

}  // namespace

AnswerTo answer_to(std::string_view bytes) {
  return without_empty_line(bytes).starts_with("HEAD ") ? AnswerTo::kHead : AnswerTo::kOtherMethod;
}

std::string_view target_of(std::string_view bytes) {
  bytes = without_empty_line(bytes);
  const char* const end = bytes.data() + bytes.size();
  const char* const method_end = skip_class(kTokenCharacter, bytes.data(), end);
  if (method_end == bytes.data() || method_end == end || *method_end != ' ') return {};
  const char* const target = method_end + 1;
  return {target, skip_class(kTargetCharacter, target, end)};
}

std::string to_text(const Refusal& refusal, AnswerTo answer_to, WallTime now) {
  std::string out;
  append_status_line(out, refusal.status);
  out.append(refusal.fields.lines());
  append_date(out, now);
  append_content_length(out, refusal.body.size());
  append_literal_field(out, "Connection", "close");
  append_head_end(out);
  if (answer_to != AnswerTo::kHead) out.append(refusal.body);
  return out;
}

}  // namespace penstock::http
