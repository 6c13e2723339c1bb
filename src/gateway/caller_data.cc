#include "gateway/caller_data.h"

#include <utility>

namespace penstock::gateway {

Result<std::optional<providers::ProviderData>> caller_data(const http::Fields& fields,
                                                           const JsonBounds& bounds) {
  std::optional<std::string_view> value = fields.find(http::FieldName::kXOgxProviderData);
  if (!value) value = fields.find(http::FieldName::kXLlamaStackProviderData);
  if (!value) return std::optional<providers::ProviderData>();
  Result<providers::ProviderData> data = providers::ProviderData::parse(*value, bounds);
  if (!data) return failure(std::move(data.error()));
  return std::optional<providers::ProviderData>(std::move(*data));
}

}  // namespace penstock::gateway
