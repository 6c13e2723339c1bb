#include "http/head.h"

#include "core/text.h"

namespace penstock::http {

std::optional<std::string_view> Fields::find(FieldName name) const {
  if (!has(name)) return std::nullopt;
  for (const Field& field : fields_) {
    if (field.known_name == name) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace penstock::http
