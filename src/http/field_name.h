#pragma once

// The field names that the gateway acts on, as numbers.
//
// A name is looked up once, when its field is parsed; afterwards every question about a head ("is
// there an Authorization?", "does this field pass?") compares numbers instead of text. All other
// names are kOther. Case is ignored (RFC 9110 section 5.1).

#include <cstdint>
#include <string_view>

namespace penstock::http {

enum class FieldName : std::uint8_t {
  kOther,
  kAccept,
  kAltSvc,
  kAnthropicVersion,
  kApiKey,
  kAuthorization,
  kConnection,
  kContentEncoding,
  kContentLength,
  kContentLocation,
  kContentType,
  kDate,
  kExpect,
  kHost,
  kKeepAlive,
  kLocation,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyConnection,
  kRefresh,
  kSetCookie,
  kSetCookie2,
  kStrictTransportSecurity,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kXApiKey,
  kXLlamaStackProviderData,
  kXOgxProviderData,
  kXPenstockProvider,
  kXRequestId,
};
inline constexpr unsigned kFieldNameCount = static_cast<unsigned>(FieldName::kXRequestId) + 1;

// `name` is a token.
FieldName field_name_of(std::string_view name);

// A set of names.
class FieldNames {
 public:
  constexpr FieldNames() = default;
  template <class... Names>
  constexpr explicit FieldNames(Names... names) : bits_((bit(names) | ...)) {}

  constexpr void insert(FieldName name) { bits_ |= bit(name); }
  constexpr void insert(FieldNames names) { bits_ |= names.bits_; }
  constexpr bool contains(FieldName name) const { return (bits_ & bit(name)) != 0; }

 private:
  using Bits = std::uint64_t;
  static_assert(kFieldNameCount <= 64, "each name has a bit of its own");

  static constexpr Bits bit(FieldName name) { return Bits{1} << static_cast<unsigned>(name); }

  Bits bits_ = 0;
};

}  // namespace penstock::http
