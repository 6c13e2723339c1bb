#include "config/confidential.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::config {
namespace {

// A text with this in a file.
std::string shown_with_file(std::string text, const std::string& content) {
  const std::vector<FileText> files = {{.path = "/f", .text = Secret(content)}};
  hidden_texts_of(files).mask(text);
  return text;
}

TEST(HiddenTextsOf, AreWhatFilesContain) {
  EXPECT_EQ(shown_with_file("path: /some/where", "/some/where"), "path: ********");
  EXPECT_EQ(shown_with_file("path: /some/where", "some"), "path: /some/where");
}

// As settings have it: lower case, without a user, the port of the scheme, or a slash at the end.
TEST(HiddenTextsOf, AreHostsInAnotherForm) {
  for (const char* const content :
       {"https://Gpu.Internal:443/", "http://user:pass%40word@gpu.internal:80", "gpu.internal:8000",
        "*.gpu.internal, 10.0.0.0/8", "10.0.0.1 .gpu.internal\nlocalhost"}) {
    EXPECT_EQ(shown_with_file("http://gpu.internal/v1", content), "http://********/v1") << content;
  }
  EXPECT_EQ(shown_with_file("http://[2001:db8::1]/v1", "https://[2001:DB8::1]:8000"),
            "http://[********]/v1");
}

TEST(HiddenTextsOf, AreNoWordsThatStandElsewhere) {
  constexpr const char* kLine = "the provider of this machine, 127.0.0.1, listens.";
  EXPECT_EQ(shown_with_file(kLine, "A text of the provider listens. On:127.0.0.1,machine"), kLine);
  EXPECT_EQ(shown_with_file(kLine, "http://127.0.0.1:8000"), kLine);
}

TEST(ConfidentialOf, IsCredentialsAndFiles) {
  Settings settings;
  settings.server.api_keys.push_back({"a", Secret("client-0123456789"), {}});
  settings.files = {{.path = "/f", .text = Secret("gpu.internal")}};
  std::string text = "client-0123456789 at gpu.internal";
  confidential_of(settings).mask(text);
  EXPECT_EQ(text, "***************** at ********");
}

}  // namespace
}  // namespace penstock::config
