#pragma once

// The field names that the gateway itself acts on, as numbers.
//
// A name is looked up once, when its field is parsed; afterwards every question about a head
// ("is there an Authorization?", "does this field pass?") compares numbers instead of text. Names
// that nothing here acts on are kOther. Case is ignored (RFC 9110 section 5.1).

#include <cstdint>
#include <string_view>

namespace penstock::http {

enum class FieldName : std::uint8_t {
  kOther,
  kAccept,
  kAltSvc,
  kAuthorization,
  kConnection,
  kContentEncoding,
  kContentLength,
  kContentType,
  kDate,
  kExpect,
  kHost,
  kKeepAlive,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyConnection,
  kSetCookie,
  kSetCookie2,
  kStrictTransportSecurity,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kXLlamaStackProviderData,
  kXOgxProviderData,
  kXRequestId,
};

// `name` is a token.
FieldName field_name_of(std::string_view name);

// A set of names.
class FieldNames {
 public:
  constexpr FieldNames() = default;
  template <class... Names>
  constexpr explicit FieldNames(Names... names) : bits_((bit(names) | ...)) {}

  constexpr void insert(FieldName name) { bits_ |= bit(name); }
  constexpr bool contains(FieldName name) const { return (bits_ & bit(name)) != 0; }

 private:
  static constexpr std::uint32_t bit(FieldName name) {
    return std::uint32_t{1} << static_cast<unsigned>(name);
  }

  std::uint32_t bits_ = 0;
};

}  // namespace penstock::http
