#include "gateway/answer_head.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>
#include <utility>

namespace penstock::gateway {
namespace {

using Kind = http::Framing::Kind;

bool passes(const http::Fields& fields, std::string_view name) {
  http::Fields field;
  field.add(name, "a value");
  return passes_to_client(fields, *field.begin());
}

TEST(PassesToClient, IsTrueOfWhatClientsReadAndOfWhatIsUnknown) {
  const http::Fields fields;
  for (const char* name :
       {"content-type", "Retry-After", "retry-after-ms", "x-should-retry",
        "x-ratelimit-reset-tokens", "openai-version", "date", "server", "cache-control", "etag",
        "content-encoding", "www-authenticate", "x-anything", "connection-id", "te-x"}) {
    EXPECT_TRUE(passes(fields, name)) << name;
  }
}

TEST(PassesToClient, IsFalseOfWhatSpeaksOfTheConnectionOrTheOrigin) {
  const http::Fields fields;
  for (const char* name :
       {"Connection", "keep-alive", "TE", "Trailer", "Transfer-Encoding", "content-length",
        "Upgrade", "Proxy-Authenticate", "proxy-authorization", "Proxy-Connection", "Set-Cookie",
        "set-cookie2", "ALT-SVC", "strict-transport-security", "x-request-id",
        "access-control-allow-origin", "Access-Control-Expose-Headers"}) {
    EXPECT_FALSE(passes(fields, name)) << name;
  }
}

TEST(PassesToClient, IsFalseOfWhatConnectionNames) {
  http::Fields fields;
  fields.add("Connection", "close,  X-A ,x-b");
  fields.add("connection", "X-C");
  for (const char* name : {"x-a", "X-B", "x-c"}) EXPECT_FALSE(passes(fields, name));
  for (const char* name : {"x", "x-", "x-ab", "x-d"}) EXPECT_TRUE(passes(fields, name));
}

BodyKind kind_of(int status, std::initializer_list<std::pair<const char*, const char*>> fields,
                 Kind framing = Kind::kChunked) {
  http::ResponseHead head;
  head.status = status;
  head.framing.kind = framing;
  for (const auto& [name, value] : fields) head.fields.add(name, value);
  return body_kind_of(head);
}

TEST(BodyKindOf, TellsEventsAndJsonByTheContentType) {
  EXPECT_EQ(kind_of(200, {{"content-type", "text/event-stream"}}), BodyKind::kEvents);
  EXPECT_EQ(kind_of(200, {{"Content-Type", "Text/Event-Stream ; charset=utf-8"}}),
            BodyKind::kEvents);
  EXPECT_EQ(kind_of(200, {{"content-type", "application/json"}}), BodyKind::kJson);
  EXPECT_EQ(kind_of(200, {{"content-type", "application/json;charset=utf-8"}}), BodyKind::kJson);
  EXPECT_EQ(kind_of(200, {{"content-type", "application/problem+JSON"}}), BodyKind::kJson);
  for (const char* type : {"text/plain", "application/jsonl", "application/octet-stream",
                           "text/x+json", "audio/mpeg", ""}) {
    EXPECT_EQ(kind_of(200, {{"content-type", type}}), BodyKind::kVerbatim) << type;
  }
  EXPECT_EQ(kind_of(200, {}), BodyKind::kVerbatim);
}

TEST(BodyKindOf, LeavesWhatIsCodedAsItIs) {
  EXPECT_EQ(kind_of(200, {{"content-type", "application/json"}, {"content-encoding", "gzip"}}),
            BodyKind::kVerbatim);
  EXPECT_EQ(kind_of(429, {{"content-type", "application/json"}, {"content-encoding", "br"}}),
            BodyKind::kVerbatim);
  EXPECT_EQ(kind_of(200, {{"content-type", "application/json"}, {"content-encoding", "Identity"}}),
            BodyKind::kJson);
}

TEST(BodyKindOf, TellsErrorsByTheStatus) {
  EXPECT_EQ(kind_of(399, {{"content-type", "application/json"}}), BodyKind::kJson);
  for (const int status : {400, 404, 429, 500, 599}) {
    EXPECT_EQ(kind_of(status, {{"content-type", "text/event-stream"}}), BodyKind::kError);
    EXPECT_EQ(kind_of(status, {}), BodyKind::kError);
  }
}

TEST(BodyKindOf, TellsThatThereIsNone) {
  EXPECT_EQ(kind_of(204, {{"content-type", "application/json"}}, Kind::kNone), BodyKind::kNone);
}

}  // namespace
}  // namespace penstock::gateway
