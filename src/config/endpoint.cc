#include "config/endpoint.h"

#include "core/base64.h"

namespace penstock::config {

std::string_view key_field_name(KeyForm form) {
  switch (form) {
    case KeyForm::kBearer:
    case KeyForm::kBasic:
      return "Authorization";
    case KeyForm::kXApiKey:
      return "x-api-key";
    case KeyForm::kApiKey:
      return "api-key";
    case KeyForm::kNone:
      break;
  }
  return {};
}

std::string key_field_value(KeyForm form, std::string_view key) {
  std::string value;
  if (form == KeyForm::kBearer) return value.append("Bearer ").append(key);
  if (form == KeyForm::kBasic) return value.append("Basic ").append(base64_encoded(key));
  return value.append(key);
}

}  // namespace penstock::config
