#include "http/field_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace penstock::http {
namespace {

using enum FieldName;

const std::vector<std::pair<std::string, FieldName>> kAll = {
    {"accept", kAccept},
    {"alt-svc", kAltSvc},
    {"api-key", kApiKey},
    {"authorization", kAuthorization},
    {"connection", kConnection},
    {"content-encoding", kContentEncoding},
    {"content-length", kContentLength},
    {"content-location", kContentLocation},
    {"content-type", kContentType},
    {"date", kDate},
    {"expect", kExpect},
    {"host", kHost},
    {"keep-alive", kKeepAlive},
    {"location", kLocation},
    {"proxy-authenticate", kProxyAuthenticate},
    {"proxy-authorization", kProxyAuthorization},
    {"proxy-connection", kProxyConnection},
    {"refresh", kRefresh},
    {"set-cookie", kSetCookie},
    {"set-cookie2", kSetCookie2},
    {"strict-transport-security", kStrictTransportSecurity},
    {"te", kTe},
    {"trailer", kTrailer},
    {"transfer-encoding", kTransferEncoding},
    {"upgrade", kUpgrade},
    {"x-api-key", kXApiKey},
    {"x-llamastack-provider-data", kXLlamaStackProviderData},
    {"x-ogx-provider-data", kXOgxProviderData},
    {"x-request-id", kXRequestId},
};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

TEST(FieldName, IsFoundInEitherCase) {
  for (const auto& [name, number] : kAll) {
    EXPECT_EQ(field_name_of(name), number) << name;
    EXPECT_EQ(field_name_of(upper(name)), number) << name;
  }
}

TEST(FieldName, IsOtherForEveryNearMiss) {
  for (const auto& [name, number] : kAll) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string changed = name;
      changed[i] = changed[i] == '~' ? '!' : '~';
      EXPECT_EQ(field_name_of(changed), kOther) << changed;
      EXPECT_EQ(field_name_of(name.substr(0, i) + name.substr(i + 1) + "-"), kOther) << name << i;
    }
    EXPECT_EQ(field_name_of(name + "s"), kOther) << name;
  }
  EXPECT_EQ(field_name_of("x"), kOther);
}

TEST(FieldNames, HoldsWhatWasPutIn) {
  FieldNames names(kHost, kXRequestId);
  EXPECT_TRUE(names.contains(kHost));
  EXPECT_TRUE(names.contains(kXRequestId));
  EXPECT_FALSE(names.contains(kOther));
  names.insert(kOther);
  EXPECT_TRUE(names.contains(kOther));
  EXPECT_FALSE(names.contains(kAccept));
}

}  // namespace
}  // namespace penstock::http
