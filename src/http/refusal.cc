#include "http/refusal.h"

#include "http/serializer.h"

namespace penstock::http {

AnswerTo answer_to(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  return bytes.starts_with("HEAD ") ? AnswerTo::kHead : AnswerTo::kOtherMethod;
}

std::string to_text(const Refusal& refusal, AnswerTo answer_to, WallTime now) {
  std::string out;
  append_status_line(out, refusal.status);
  out.append(refusal.fields.lines());
  append_date(out, now);
  append_content_length(out, refusal.body.size());
  append_field(out, "Connection", "close");
  append_head_end(out);
  if (answer_to != AnswerTo::kHead) out.append(refusal.body);
  return out;
}

}  // namespace penstock::http
