#include "http/field_name.h"

#include <cstddef>
#include <cstring>

namespace penstock::http {
namespace {

std::uint64_t word_at(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Whether `name`, ignoring case, is `known`, which has the same length and is in lower case.
// Setting the bit that makes letters lower case turns no other token character into one of `known`.
bool is(std::string_view name, std::string_view known) {
  constexpr std::size_t kWordBytes = 8;
  constexpr std::uint64_t kLower = 0x2020202020202020;
  const std::size_t size = name.size();
  if (size < kWordBytes) {
    for (std::size_t i = 0; i < size; ++i) {
      if ((name[i] | 0x20) != known[i]) return false;
    }
    return true;
  }
  const auto same = [&](std::size_t i) {
    return (word_at(name.data() + i) | kLower) == word_at(known.data() + i);
  };
  for (std::size_t i = 0; i + kWordBytes < size; i += kWordBytes) {
    if (!same(i)) return false;
  }
  return same(size - kWordBytes);
}

FieldName one_of(std::string_view) {
  return FieldName::kOther;
}

// The number of the first of `known`, all as long as `name`, that equals it.
template <class... Rest>
FieldName one_of(std::string_view name, std::string_view known, FieldName number, Rest... rest) {
  return is(name, known) ? number : one_of(name, rest...);
}

}  // namespace

FieldName field_name_of(std::string_view name) {
  using enum FieldName;
  // Their lengths distinguish nearly all names.
  switch (name.size()) {
    case 2:
      return one_of(name, "te", kTe);
    case 4:
      return one_of(name, "host", kHost, "date", kDate);
    case 6:
      return one_of(name, "accept", kAccept, "expect", kExpect);
    case 7:
      return one_of(name, "alt-svc", kAltSvc, "api-key", kApiKey, "trailer", kTrailer, "upgrade",
                    kUpgrade, "refresh", kRefresh);
    case 8:
      return one_of(name, "location", kLocation);
    case 9:
      return one_of(name, "x-api-key", kXApiKey);
    case 10:
      return one_of(name, "connection", kConnection, "keep-alive", kKeepAlive, "set-cookie",
                    kSetCookie, "user-agent", kUserAgent);
    case 11:
      return one_of(name, "set-cookie2", kSetCookie2);
    case 12:
      return one_of(name, "content-type", kContentType, "x-request-id", kXRequestId);
    case 13:
      return one_of(name, "authorization", kAuthorization);
    case 14:
      return one_of(name, "content-length", kContentLength);
    case 16:
      return one_of(name, "content-encoding", kContentEncoding, "proxy-connection",
                    kProxyConnection, "content-location", kContentLocation);
    case 17:
      return one_of(name, "transfer-encoding", kTransferEncoding, "anthropic-version",
                    kAnthropicVersion);
    case 18:
      return one_of(name, "proxy-authenticate", kProxyAuthenticate);
    case 19:
      return one_of(name, "proxy-authorization", kProxyAuthorization, "x-ogx-provider-data",
                    kXOgxProviderData, "x-penstock-provider", kXPenstockProvider);
    case 25:
      return one_of(name, "strict-transport-security", kStrictTransportSecurity);
    case 26:
      return one_of(name, "x-llamastack-provider-data", kXLlamaStackProviderData);
    default:
      return kOther;
  }
}

}  // namespace penstock::http
