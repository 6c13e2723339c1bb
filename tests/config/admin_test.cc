// The admin listener, and how the server is ready and leaves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/loading.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string with_provider(const std::string& text) {
  return std::string(kOneProvider) + text;
}

TEST(AdminListener, IsThereOnlyIfItIsAskedFor) {
  EXPECT_FALSE(settings_of(with_provider("")).admin.has_value());
  const Settings settings = settings_of(with_provider("admin: {}"));
  ASSERT_TRUE(settings.admin.has_value());
  EXPECT_EQ(settings.admin->host, "127.0.0.1");
  EXPECT_EQ(settings.admin->port, 8322);
  EXPECT_FALSE(settings.admin->only_here);
}

TEST(AdminListener, MayBeAUnixSocket) {
  const Settings settings = settings_of(with_provider("admin: {host: 'unix:/run/admin.sock'}"));
  EXPECT_EQ(settings.admin->host, "unix:/run/admin.sock");
}

TEST(AdminListener, CannotListenWhereTheServerDoes) {
  for (const char* const text :
       {"admin: {port: 8321}", "admin: {host: 0.0.0.0, port: 8321}",
        "server: {host: '::', port: 8322}\nadmin: {host: '::1'}",
        "server: {host: 'unix:/run/p.sock'}\nadmin: {host: 'unix:/run/p.sock'}"}) {
    EXPECT_THAT(texts_of(load(with_provider(text))),
                ElementsAre(HasSubstr("the server listens at this address itself")))
        << text;
  }
  for (const char* const text :
       {"server: {port: 0}\nadmin: {port: 0}", "server: {host: 127.0.0.2}\nadmin: {port: 8321}",
        "server: {host: 'unix:/run/p.sock'}\nadmin: {port: 8321}"}) {
    EXPECT_THAT(texts_of(load(with_provider(text))), testing::IsEmpty()) << text;
  }
}

TEST(AdminListener, UsesTlsWithTheServersCertificateOnly) {
  EXPECT_THAT(texts_of(load(with_provider("admin: {tls: true}"))),
              ElementsAre(HasSubstr("admin.tls needs the certificate in server.tls_certfile")));
  const std::string file = PENSTOCK_SOURCE_DIR "/LICENSE";
  const std::string server = "server: {tls_certfile: " + file + ", tls_keyfile: " + file + "}\n";
  EXPECT_TRUE(settings_of(with_provider(server + "admin: {tls: true}")).admin->tls);
}

TEST(DrainDelay, IsNoneUnlessItIsGiven) {
  EXPECT_EQ(settings_of(with_provider("")).server.drain.delay.count(), 0);
  const Settings settings = settings_of(with_provider("server: {drain: {delay: 5}}"));
  EXPECT_EQ(settings.server.drain.delay, std::chrono::seconds(5));
  EXPECT_THAT(texts_of(load(with_provider("server: {drain: {delay: 1h}}"))),
              ElementsAre(HasSubstr("run.yaml:5")));
}

TEST(ReadyRequires, NamesProvidersThatCanBeAsked) {
  const auto problems = [](const std::string& config, const char* required) {
    return texts_of(load("server: {ready_requires: [" + std::string(required) +
                         "]}\n"
                         "providers:\n"
                         "  inference:\n"
                         "  - provider_id: p\n"
                         "    provider_type: remote::passthrough\n"
                         "    config: {" +
                         config + "}\n"));
  };
  EXPECT_THAT(problems("base_url: 'http://h'", "p"), testing::IsEmpty());
  EXPECT_THAT(problems("base_url: 'http://h'", "q"),
              ElementsAre(HasSubstr("there is no provider q")));
  EXPECT_THAT(problems("", "p"), ElementsAre(HasSubstr("cannot be asked for its models")));
}

}  // namespace
}  // namespace penstock::config
