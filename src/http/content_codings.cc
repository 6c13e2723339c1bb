#include "http/content_codings.h"

namespace penstock::http {

std::optional<wire::ContentCodings> codings_of(const Fields& fields) {
  wire::ContentCodings codings;
  if (!fields.has(FieldName::kContentEncoding)) return codings;
  for (const Field& field : fields) {
    if (field.known_name != FieldName::kContentEncoding) continue;
    if (!codings.add(field.value)) return std::nullopt;
  }
  return codings;
}

}  // namespace penstock::http
