#include "gateway/answer_head.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::gateway {
namespace {

using Kind = http::Framing::Kind;

bool passes(const http::Fields& fields, std::string_view name, BodyKind kind = BodyKind::kJson) {
  http::Fields all = fields;
  const std::size_t place = all.size();
  all.add(name, "a value");
  return PassingFields(all, kind).contains(*(all.begin() + static_cast<std::ptrdiff_t>(place)));
}

TEST(PassingFields, AreWhatClientsReadAndWhatIsUnknown) {
  const http::Fields fields;
  for (const char* name :
       {"content-type", "Retry-After", "retry-after-ms", "x-should-retry",
        "x-ratelimit-reset-tokens", "openai-version", "date", "server", "cache-control", "etag",
        "www-authenticate", "x-anything", "connection-id", "te-x"}) {
    EXPECT_TRUE(passes(fields, name)) << name;
  }
}

TEST(PassingFields, AreNotWhatSpeaksOfTheConnectionOrTheOrigin) {
  const http::Fields fields;
  for (const char* name :
       {"Connection", "keep-alive", "TE", "Trailer", "Transfer-Encoding", "content-length",
        "Upgrade", "Proxy-Authenticate", "proxy-authorization", "Proxy-Connection", "Set-Cookie",
        "set-cookie2", "ALT-SVC", "strict-transport-security", "x-request-id",
        "access-control-allow-origin", "Access-Control-Expose-Headers"}) {
    EXPECT_FALSE(passes(fields, name)) << name;
  }
}

// reported-failures 4.1
TEST(PassingFields, AreNotTheUpstreamsAddresses) {
  const http::Fields fields;
  for (const char* name : {"Location", "content-location", "REFRESH"}) {
    EXPECT_FALSE(passes(fields, name)) << name;
  }
  for (const char* name : {"x-location", "locations", "link"}) {
    EXPECT_TRUE(passes(fields, name)) << name;
  }
}

TEST(PassingFields, AreNotWhatConnectionNames) {
  http::Fields fields;
  fields.add("Connection", "close,  X-A ,x-b");
  fields.add("connection", "X-C");
  for (const char* name : {"x-a", "X-B", "x-c"}) EXPECT_FALSE(passes(fields, name));
  for (const char* name : {"x", "x-", "x-ab", "x-d"}) EXPECT_TRUE(passes(fields, name));
}

// analysis A1
TEST(PassingFields, AreToldInTimeThatGrowsWithTheHeadAlone) {
  http::Fields fields;
  std::string list = "X-199";
  for (int i = 0; i < 31'000; ++i) list.append(",a");
  list.append(", x-7");
  fields.add("Connection", list);
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("x-" + std::to_string(i));
  for (const std::string& name : names) fields.add(name, "value");
  const std::clock_t began = std::clock();
  const PassingFields passing(fields, BodyKind::kJson);
  std::size_t count = 0;
  for (const http::Field& field : fields) count += passing.contains(field) ? 1 : 0;
  EXPECT_EQ(count, 198u);
  // Processor time, with a wide margin: comparing each field with the whole list takes 33 ms in a
  // release build, and twelve times as long in this one.
  EXPECT_LT(std::clock() - began, CLOCKS_PER_SEC / 10);
}

TEST(PassingFields, OfACodedErrorAreNotWhatDescribesItsBody) {
  const http::Fields fields;
  for (const char* name : {"content-encoding", "Content-Type"}) {
    EXPECT_FALSE(passes(fields, name, BodyKind::kCodedError)) << name;
  }
  EXPECT_TRUE(passes(fields, "retry-after", BodyKind::kCodedError));
}

TEST(PassingFields, AreNotTheCodingsThatAreTakenOff) {
  const auto passes_with = [](const char* codings, BodyKind kind) {
    http::Fields fields;
    fields.add("Content-Encoding", codings);
    return PassingFields(fields, kind).contains(*fields.begin());
  };
  EXPECT_FALSE(passes_with("gzip", BodyKind::kJson));
  EXPECT_FALSE(passes_with("identity, zstd", BodyKind::kError));
  EXPECT_TRUE(passes_with("identity", BodyKind::kJson));
  EXPECT_TRUE(passes_with("gzip", BodyKind::kNone));
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

TEST(BodyKindOf, TellsWhatCannotBeDecoded) {
  const auto with = [](int status, const char* coding) {
    return kind_of(status, {{"content-type", "application/json"}, {"content-encoding", coding}});
  };
  for (const char* coding : {"br", "identity, br", ",zstd, aes128gcm", "x"}) {
    EXPECT_EQ(with(200, coding), BodyKind::kCoded) << coding;
    EXPECT_EQ(with(429, coding), BodyKind::kCodedError) << coding;
  }
  for (const char* coding : {"gzip", "identity, gzip", ",zstd"}) {
    EXPECT_EQ(with(200, coding), BodyKind::kJson) << coding;
    EXPECT_EQ(with(429, coding), BodyKind::kError) << coding;
  }
  EXPECT_EQ(kind_of(200, {{"content-encoding", "identity"}, {"content-encoding", "br"}}),
            BodyKind::kCoded);
}

// reported-failures 5.18
TEST(BodyKindOf, TakesAnEmptyListOfCodingsForNone) {
  for (const char* coding : {"", " ", ",", " , ,", "Identity", "identity,,identity"}) {
    EXPECT_EQ(kind_of(200, {{"content-type", "application/json"}, {"content-encoding", coding}}),
              BodyKind::kJson)
        << coding;
  }
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
