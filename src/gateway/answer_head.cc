#include "gateway/answer_head.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/text.h"
#include "http/content_codings.h"

namespace penstock::gateway {
namespace {

using http::FieldName;

// Of the connection, of the framing, of the upstream's origin, and addresses of the upstream, which
// are no use to a client behind the gateway and tell it where the upstream is.
constexpr http::FieldNames kStopped(FieldName::kAltSvc, FieldName::kConnection,
                                    FieldName::kContentLength, FieldName::kContentLocation,
                                    FieldName::kKeepAlive, FieldName::kLocation,
                                    FieldName::kProxyAuthenticate, FieldName::kProxyAuthorization,
                                    FieldName::kProxyConnection, FieldName::kRefresh,
                                    FieldName::kSetCookie, FieldName::kSetCookie2,
                                    FieldName::kStrictTransportSecurity, FieldName::kTe,
                                    FieldName::kTrailer, FieldName::kTransferEncoding,
                                    FieldName::kUpgrade, FieldName::kXRequestId);

// Calls `take` with each non-empty element of a list (RFC 9110 section 5.6.1).
template <class Take>
void for_each_element(std::string_view list, Take take) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty()) take(element);
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
}

// The usual values of Connection; neither is the name of a field that would pass.
bool is_connection_option(std::string_view element) {
  return equals_ignoring_case(element, "close") || equals_ignoring_case(element, "keep-alive");
}

struct HashIgnoringCase {
  std::size_t operator()(std::string_view name) const {
    std::string lower(name);
    for (char& c : lower) c = to_lower(c);
    return std::hash<std::string>()(lower);
  }
};
struct EqualIgnoringCase {
  bool operator()(std::string_view a, std::string_view b) const {
    return equals_ignoring_case(a, b);
  }
};
// The positions of the fields of each name.
using Places =
    std::unordered_multimap<std::string_view, std::size_t, HashIgnoringCase, EqualIgnoringCase>;

Places places_of(const http::Fields& fields) {
  Places places;
  std::size_t place = 0;
  for (const http::Field& field : fields) places.emplace(field.name, place++);
  return places;
}

// Which fields Connection names as belonging to this hop.
std::vector<bool> named_by_connection(const http::Fields& fields) {
  Places places;
  std::vector<bool> named;
  const auto take = [&](std::string_view element) {
    if (is_connection_option(element)) return;
    if (named.empty()) {
      places = places_of(fields);
      named.resize(fields.size());
    }
    const auto [first, last] = places.equal_range(element);
    for (auto found = first; found != last; ++found) named[found->second] = true;
    // Named once is enough.
    places.erase(first, last);
  };
  for (const http::Field& field : fields) {
    if (field.known_name == FieldName::kConnection) for_each_element(field.value, take);
  }
  return named;
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

BodyKind body_kind_of(const http::ResponseHead& head) {
  if (head.framing.kind == http::Framing::Kind::kNone) return BodyKind::kNone;
  const bool is_error = head.status >= 400;
  if (!http::codings_of(head.fields)) return is_error ? BodyKind::kCodedError : BodyKind::kCoded;
  if (is_error) return BodyKind::kError;
  const std::string_view type = media_type(head.fields.find(FieldName::kContentType).value_or(""));
  if (equals_ignoring_case(type, "text/event-stream")) return BodyKind::kEvents;
  return is_json(type) ? BodyKind::kJson : BodyKind::kVerbatim;
}

PassingFields::PassingFields(const http::Fields& fields, BodyKind kind)
    : fields_(fields), stopped_(kStopped) {
  if (kind == BodyKind::kCodedError) stopped_.insert(FieldName::kContentType);
  const auto is_decoded = [&] {
    const std::optional<wire::ContentCodings> codings = http::codings_of(fields);
    return !codings || !codings->empty();
  };
  if (kind != BodyKind::kNone && fields.has(FieldName::kContentEncoding) && is_decoded()) {
    stopped_.insert(FieldName::kContentEncoding);
  }
  if (fields.has(FieldName::kConnection)) named_ = named_by_connection(fields);
}

bool PassingFields::contains(const http::Field& field) const {
  if (stopped_.contains(field.known_name)) return false;
  if (starts_with_ignoring_case(field.name, "access-control-")) return false;
  return named_.empty() || !named_[static_cast<std::size_t>(&field - &*fields_.begin())];
}

}  // namespace penstock::gateway
