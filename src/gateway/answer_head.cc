#include "gateway/answer_head.h"

#include "core/text.h"

namespace penstock::gateway {
namespace {

using http::FieldName;

constexpr http::FieldNames kStopped(FieldName::kAltSvc, FieldName::kConnection,
                                    FieldName::kContentLength, FieldName::kKeepAlive,
                                    FieldName::kProxyAuthenticate, FieldName::kProxyAuthorization,
                                    FieldName::kProxyConnection, FieldName::kSetCookie,
                                    FieldName::kSetCookie2, FieldName::kStrictTransportSecurity,
                                    FieldName::kTe, FieldName::kTrailer,
                                    FieldName::kTransferEncoding, FieldName::kUpgrade,
                                    FieldName::kXRequestId);

// Whether Connection lists `name` as belonging to this hop.
bool is_named_by_connection(const http::Fields& fields, std::string_view name) {
  for (const http::Field& field : fields) {
    if (field.known_name != FieldName::kConnection) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      if (equals_ignoring_case(trim(list.substr(0, comma)), name)) return true;
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
  }
  return false;
}

std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

bool is_json(std::string_view type) {
  constexpr std::string_view kSuffix = "+json";
  return equals_ignoring_case(type, "application/json") ||
         (starts_with_ignoring_case(type, "application/") && type.size() > kSuffix.size() &&
          equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix));
}

}  // namespace

bool passes_to_client(const http::Fields& fields, const http::Field& field) {
  return !kStopped.contains(field.known_name) &&
         !starts_with_ignoring_case(field.name, "access-control-") &&
         !(fields.has(FieldName::kConnection) && is_named_by_connection(fields, field.name));
}

BodyKind body_kind_of(const http::ResponseHead& head) {
  if (head.framing.kind == http::Framing::Kind::kNone) return BodyKind::kNone;
  const std::string_view coding =
      head.fields.find(FieldName::kContentEncoding).value_or("identity");
  if (!equals_ignoring_case(coding, "identity")) return BodyKind::kVerbatim;
  if (head.status >= 400) return BodyKind::kError;
  const std::string_view type = media_type(head.fields.find(FieldName::kContentType).value_or(""));
  if (equals_ignoring_case(type, "text/event-stream")) return BodyKind::kEvents;
  return is_json(type) ? BodyKind::kJson : BodyKind::kVerbatim;
}

}  // namespace penstock::gateway
