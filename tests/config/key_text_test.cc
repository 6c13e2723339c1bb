// What is said of keys, and of other text, that came from a file with more than the text in it.

#include <string>
#include <utility>

#include "config/loading.h"

namespace penstock::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// reported-failures 6.12
TEST(Text, EndsWithoutALineBreak) {
  for (const char* config : {"base_url: '${env.V}'", "base_url: 'http://h', query: {k: '${env.V}'}",
                             "network: {headers: {x-key: '${env.V}'}}", "api_key: '${env.V}'"}) {
    for (const char* end : {"\n", "\r\n"}) {
      EXPECT_THAT(texts_of(load(std::string(kOneProvider) + "    config: {" + config + "}\n",
                                {{"V", std::string("http://h") + end}})),
                  ElementsAre(HasSubstr("this ends with a line break, perhaps from a file")))
          << config;
    }
  }
}

// reported-failures 6.12
TEST(Key, IsToldWhatIsWrongWithIt) {
  const std::pair<const char*, const char*> keys[] = {
      {"\xEF\xBB\xBFsk-12345678", "begins with a byte order mark"},
      {"Bearer sk-12345678", "begins with `Bearer`"},
      {" sk-12345678", "begins or ends with a space or a line break"},
      {"sk-12345678 ", "begins or ends with a space or a line break"},
      {"sk-1234 5678", "visible ASCII without spaces"},
  };
  for (const auto& [key, fault] : keys) {
    for (const char* more :
         {"    config: {api_key: '${env.V}'}\n", "server: {api_keys: ['${env.V}']}\n"}) {
      EXPECT_THAT(texts_of(load(std::string(kOneProvider) + more, {{"V", key}})),
                  ElementsAre(HasSubstr(fault)))
          << key;
    }
  }
}

TEST(Key, IsToldWhatIsWrongWithItInAListOfKeys) {
  EXPECT_THAT(
      texts_of(load(std::string(kOneProvider) + "server: {api_keys: [\"sk-12345678\\r\\n\"]}\n")),
      ElementsAre(HasSubstr("begins or ends with a space or a line break")));
}

}  // namespace
}  // namespace penstock::config
