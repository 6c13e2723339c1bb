// Forward proxies: of the file and of the environment.

#include "config/proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/credentials.h"
#include "config/loading.h"
#include "config/url.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string provider_with_proxy(const std::string& proxy) {
  return R"(
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    config:
      base_url: https://api.example
      network: {proxy: )" +
         proxy + "}\n";
}

Proxies proxies_of(const std::string& text, Variables variables = {}) {
  const Settings settings = settings_of(text, std::move(variables));
  return settings.providers.empty() ? Proxies() : settings.providers.at(0).proxies;
}

// Where a connection to that URL goes.
std::string way_to(const char* url, const Proxies& proxies) {
  const ForwardProxy* const proxy = proxies.of(*parse_url(url));
  return proxy == nullptr ? "direct" : proxy->text();
}

Proxies of_environment(Variables variables) {
  return proxies_of(std::string(kOneProvider), std::move(variables));
}

TEST(Proxy, IsNamedByAUrl) {
  EXPECT_EQ(parse_proxy("http://proxy:3128")->text(), "http://proxy:3128");
  EXPECT_EQ(parse_proxy("http://proxy:3128/")->text(), "http://proxy:3128");
  EXPECT_EQ(parse_proxy("https://proxy")->url.port, 443);
  EXPECT_TRUE(parse_proxy("http://proxy")->credentials.empty());
}

TEST(Proxy, HasItsCredentialsInTheUrl) {
  const auto proxy = parse_proxy("http://user:p%40ss%3A%25@proxy:3128");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->credentials.reveal(), "user:p@ss:%");
  EXPECT_EQ(proxy->text(), "http://proxy:3128");
  // Many write the at sign as it is.
  EXPECT_EQ(parse_proxy("http://user:p@ss@proxy")->credentials.reveal(), "user:p@ss");
  EXPECT_EQ(parse_proxy("http://user@proxy")->credentials.reveal(), "user:");
}

TEST(Proxy, IsRefusedWithAReasonThatShowsNoPassword) {
  for (const char* text :
       {"http://u:hunter2@", "http://u:hunter2%@proxy", "ftp://u:hunter2@proxy",
        "http://u:hunter2@proxy/path", "http://u:hunter2@proxy:0", "http://a%3Ab:hunter2@proxy",
        "http://u:hunter2%0A@proxy", "socks5://u:hunter2@proxy", "u:hunter2@proxy"}) {
    const auto proxy = parse_proxy(text);
    ASSERT_FALSE(proxy) << text;
    EXPECT_THAT(proxy.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(Proxies, OfTheFileAreForBothSchemesOrForEach) {
  const Proxies one = proxies_of(provider_with_proxy("{url: 'http://proxy:3128'}"));
  EXPECT_EQ(way_to("http://a", one), "http://proxy:3128");
  EXPECT_EQ(way_to("https://a", one), "http://proxy:3128");
  const Proxies text = proxies_of(provider_with_proxy("'http://proxy:3128'"));
  EXPECT_EQ(way_to("https://a", text), "http://proxy:3128");
  const Proxies each = proxies_of(provider_with_proxy("{https: 'http://proxy'}"));
  EXPECT_EQ(way_to("http://a", each), "direct");
  EXPECT_EQ(way_to("https://a", each), "http://proxy");
}

TEST(Proxies, OfTheFileAreTakenBeforeThoseOfTheEnvironment) {
  const Variables variables = {{"HTTPS_PROXY", "http://other"}, {"NO_PROXY", "*"}};
  EXPECT_EQ(way_to("https://a", proxies_of(provider_with_proxy("'http://proxy'"), variables)),
            "http://proxy");
  EXPECT_TRUE(proxies_of(provider_with_proxy("false"), variables).empty());
  EXPECT_TRUE(proxies_of(provider_with_proxy("{no_proxy: [a]}"), variables).empty());
}

TEST(Proxies, OfTheFileHaveTheirProblemsAtTheirPlaces) {
  const auto problem = [](const std::string& proxy) {
    const std::vector<std::string> texts = texts_of(load(provider_with_proxy(proxy)));
    EXPECT_EQ(texts.size(), 1u) << proxy;
    return texts.empty() ? "" : texts.front();
  };
  EXPECT_THAT(problem("{url: 'socks5://proxy'}"), HasSubstr("SOCKS is not supported"));
  EXPECT_THAT(problem("{url: 'http://a', https: 'http://b'}"),
              HasSubstr("give either it, or http and https"));
  EXPECT_THAT(problem("{url: 'http://a', no_proxy: ['10.0.0.0/99']}"),
              HasSubstr("expected `*`, a host, a domain, an address or a range"));
  EXPECT_THAT(problem("true"), HasSubstr("expected the proxy's URL, a mapping, or false"));
  EXPECT_THAT(problem("{uri: 'http://a'}"), HasSubstr("did you mean `url`?"));
}

TEST(Proxies, OfTheEnvironmentAreByScheme) {
  const Proxies both =
      of_environment({{"http_proxy", "http://plain:3128"}, {"HTTPS_PROXY", "http://secure:3128"}});
  EXPECT_EQ(way_to("http://a", both), "http://plain:3128");
  EXPECT_EQ(way_to("https://a", both), "http://secure:3128");
  const Proxies all = of_environment({{"ALL_PROXY", "http://all"}});
  EXPECT_EQ(way_to("http://a", all), "http://all");
  EXPECT_EQ(way_to("https://a", all), "http://all");
  EXPECT_EQ(way_to("https://a", of_environment({{"HTTPS_PROXY", "proxy:3128"}})),
            "http://proxy:3128");
  EXPECT_EQ(way_to("https://a", of_environment({{"https_proxy", "http://lower"},
                                                {"HTTPS_PROXY", "http://upper"}})),
            "http://lower");
  EXPECT_TRUE(of_environment({{"HTTPS_PROXY", ""}}).empty());
}

// CVE-2016-5385: what a web server runs has the client's field `Proxy` there.
TEST(Proxies, OfTheEnvironmentAreNotAClientsField) {
  const Variables variables = {{"HTTP_PROXY", "http://proxy"}};
  EXPECT_EQ(way_to("http://a", of_environment(variables)), "http://proxy");
  Variables cgi = variables;
  cgi.emplace("REQUEST_METHOD", "GET");
  EXPECT_EQ(way_to("http://a", of_environment(cgi)), "direct");
}

TEST(Proxies, OfTheEnvironmentLeaveThisMachineAlone) {
  const Proxies proxies = of_environment({{"ALL_PROXY", "http://proxy"}});
  for (const char* url : {"http://localhost:8000", "http://127.0.0.1:8000", "http://127.1.2.3",
                          "http://[::1]:11434", "http://a.localhost"}) {
    EXPECT_EQ(way_to(url, proxies), "direct") << url;
  }
  // A file that says so is obeyed.
  EXPECT_EQ(way_to("http://127.0.0.1", proxies_of(provider_with_proxy("'http://proxy'"))),
            "http://proxy");
}

TEST(Proxies, OfTheEnvironmentThatCannotBeUsedAreAnError) {
  const std::vector<std::string> texts = texts_of(
      load(kOneProvider, {{"ALL_PROXY", "socks5://u:hunter2@proxy"}, {"http_proxy", "http://x"}}));
  EXPECT_THAT(texts,
              ElementsAre(HasSubstr("ALL_PROXY in the environment: SOCKS is not supported")));
  EXPECT_THAT(texts.at(0), Not(HasSubstr("hunter2")));
}

TEST(Proxies, AreNeverForAUnixSocket) {
  const Proxies proxies = proxies_of(provider_with_proxy("'http://proxy'"));
  EXPECT_EQ(proxies.of(*parse_url("unix:/run/x.sock", Ways::kTcpAndSockets)), nullptr);
}

bool is_direct(const std::string& no_proxy, const char* url) {
  return way_to(url, of_environment({{"ALL_PROXY", "http://proxy"}, {"no_proxy", no_proxy}})) ==
         "direct";
}

TEST(NoProxy, NamesHostsAndDomains) {
  for (const char* entry : {"corp.example", ".corp.example", "*.corp.example", "CORP.example"}) {
    EXPECT_TRUE(is_direct(entry, "https://corp.example")) << entry;
    EXPECT_TRUE(is_direct(entry, "https://llm.corp.example:8443")) << entry;
    EXPECT_FALSE(is_direct(entry, "https://notcorp.example")) << entry;
    EXPECT_FALSE(is_direct(entry, "https://corp.example.org")) << entry;
  }
  EXPECT_TRUE(is_direct("a, b.example ,c", "http://b.example"));
  EXPECT_TRUE(is_direct("a b.example", "http://b.example"));
  EXPECT_TRUE(is_direct("*", "https://anything"));
}

TEST(NoProxy, NamesAddressesAndRanges) {
  EXPECT_TRUE(is_direct("10.0.0.0/8", "http://10.1.2.3:8000"));
  EXPECT_FALSE(is_direct("10.0.0.0/8", "http://11.1.2.3:8000"));
  EXPECT_FALSE(is_direct("10.0.0.0/8", "http://host-in-10.example")) << "no name is looked up";
  EXPECT_TRUE(is_direct("192.0.2.1", "http://192.0.2.1"));
  EXPECT_TRUE(is_direct("fd00::/8", "http://[fd00::5]:8000"));
  EXPECT_TRUE(is_direct("2001:db8::1", "http://[2001:DB8:0::1]"));
  EXPECT_TRUE(is_direct("[2001:db8::1]", "http://[2001:db8::1]"));
}

TEST(NoProxy, MayNameAPort) {
  EXPECT_TRUE(is_direct("host:8000", "http://host:8000"));
  EXPECT_FALSE(is_direct("host:8000", "http://host:8001"));
  EXPECT_TRUE(is_direct("host:443", "https://host"));
  EXPECT_TRUE(is_direct("[::2]:8000", "http://[::2]:8000"));
  EXPECT_FALSE(is_direct("[::2]:8000", "http://[::2]"));
  EXPECT_TRUE(is_direct("10.0.0.1:80", "http://10.0.0.1"));
}

TEST(NoProxy, OfTheEnvironmentMayHaveFormsOfOtherPrograms) {
  EXPECT_TRUE(is_direct("<local>,10.*,host:port,b.example", "http://b.example"));
}

TEST(NoProxy, IsWrittenAsItIsRead) {
  for (const char* text : {"*", "host", "host:80", "10.0.0.0/8", "[::1]:80", "fd00::/8"}) {
    EXPECT_EQ(NoProxy::parse(text)->text(), text);
  }
}

TEST(Describe, ShowsProxiesWithoutTheirCredentials) {
  const Settings settings = settings_of(provider_with_proxy(
      "{url: 'http://alice:hunter2-secret@proxy:3128', no_proxy: '10.0.0.0/8, .corp'}"));
  const std::string text = describe(settings);
  EXPECT_THAT(text, HasSubstr("https: \"http://********@proxy:3128\""));
  EXPECT_THAT(text, HasSubstr("- \"10.0.0.0/8\""));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, Not(HasSubstr("alice")));
  EXPECT_THAT(settings.providers.at(0).shown_config, Not(HasSubstr("hunter2")));
}

TEST(GuardCredentials, GuardsThePasswordsOfProxies) {
  const Settings settings =
      settings_of(provider_with_proxy("'http://alice:hunter2-secret@proxy:3128'"));
  const SecretGuard guard = guard_credentials(settings);
  // The second is the field's value, by coreutils' base64.
  for (std::string text : {"<hunter2-secret>", "<Basic YWxpY2U6aHVudGVyMi1zZWNyZXQ=>"}) {
    guard.mask(text);
    EXPECT_THAT(text, HasSubstr("********"));
  }
}

TEST(SocketUrl, HasItsPathAsAHostOrBehindUnix) {
  for (const char* text :
       {"http+unix://%2Frun%2Fvllm.sock/v1", "HTTP+UNIX://%2frun%2fvllm.sock/v1/",
        "unix:/run/vllm.sock:/v1", "unix:///run/vllm.sock:/v1", "http://unix:/run/vllm.sock:/v1"}) {
    const auto url = parse_url(text, Ways::kTcpAndSockets);
    ASSERT_TRUE(url) << text << ": " << url.error().message;
    EXPECT_EQ(url->socket, "/run/vllm.sock") << text;
    EXPECT_EQ(url->path, "/v1") << text;
    EXPECT_EQ(url->authority(), "localhost");
    EXPECT_EQ(url->text(), "http+unix://%2Frun%2Fvllm.sock/v1");
    EXPECT_FALSE(url->tls);
  }
  EXPECT_EQ(parse_base_url("unix:/run/x.sock", BasePath::kEndsInV1, Ways::kTcpAndSockets)->text(),
            "http+unix://%2Frun%2Fx.sock/v1");
}

TEST(SocketUrl, IsRefusedWhereItIsNoPath) {
  for (const std::string& text :
       {std::string("http+unix://"), std::string("http+unix://run/x.sock"),
        std::string("http+unix://%2"), std::string("unix:x.sock"), std::string("unix:/x.sock:v1"),
        std::string("unix:/run/"), std::string("unix:/x%0A.sock:/v1?q"),
        std::string("http+unix://%2Fx%00.sock/v1"), "unix:/" + std::string(107, 'x')}) {
    EXPECT_FALSE(parse_url(text, Ways::kTcpAndSockets)) << text;
  }
}

// A caller's URL must not lead to a socket of this machine.
TEST(SocketUrl, IsRefusedWhereNothingElseIsSaid) {
  for (const char* text : {"http+unix://%2Fvar%2Frun%2Fdocker.sock/v1", "unix:/var/run/docker.sock",
                           "http://unix:/var/run/docker.sock:/v1"}) {
    EXPECT_FALSE(parse_url(text)) << text;
    EXPECT_FALSE(parse_base_url(text)) << text;
  }
}

TEST(Server, MayListenOnAUnixSocket) {
  const Settings settings =
      settings_of(std::string(kOneProvider) + "server: {host: 'unix:/run/p.sock'}\n");
  EXPECT_EQ(settings.server.host, "unix:/run/p.sock");
  EXPECT_EQ(socket_of_host(settings.server.host), "/run/p.sock");
  EXPECT_EQ(settings.server.socket_mode, 0660u);
  EXPECT_EQ(socket_of_host("localhost"), "");
  const Settings open = settings_of(std::string(kOneProvider) +
                                    "server: {host: 'unix:/run/p.sock', socket_mode: '0666'}\n");
  EXPECT_EQ(open.server.socket_mode, 0666u);
  for (const char* server : {"{host: 'unix:p.sock'}", "{host: 'unix:/run/p.sock', socket_mode: 9}",
                             "{host: 'unix:/run/p.sock', socket_mode: rw}"}) {
    EXPECT_EQ(load(std::string(kOneProvider) + "server: " + server + "\n").problems.size(), 1u)
        << server;
  }
}

TEST(Server, TrustsTheProxiesThatAreListed) {
  const Settings settings = settings_of(std::string(kOneProvider) +
                                        "server:\n"
                                        "  trusted_proxies: [10.0.0.0/8, '::1', unix]\n"
                                        "  proxy_protocol: optional\n");
  const TrustedProxies& trusted = settings.server.trusted_proxies;
  ASSERT_EQ(trusted.ranges.size(), 2u);
  EXPECT_EQ(trusted.ranges[0].text(), "10.0.0.0/8");
  EXPECT_EQ(trusted.ranges[1].text(), "::1");
  EXPECT_TRUE(trusted.unix_sockets);
  EXPECT_EQ(settings.server.proxy_protocol, ProxyProtocol::kOptional);
}

TEST(Server, TrustsNobodyByAMistake) {
  const auto problems = [](const std::string& server) {
    return texts_of(load(std::string(kOneProvider) + "server: {" + server + "}\n"));
  };
  EXPECT_THAT(problems("trusted_proxies: [10.1.2.3/8]"),
              ElementsAre(HasSubstr("no bit set after its prefix")));
  EXPECT_THAT(problems("trusted_proxies: [proxy.example]"),
              ElementsAre(HasSubstr("expected an address, a range")));
  EXPECT_THAT(problems("proxy_protocol: true"),
              ElementsAre(HasSubstr("list the load balancers in trusted_proxies")));
  EXPECT_THAT(problems("proxy_protocol: v2, trusted_proxies: [10.0.0.1]"),
              ElementsAre(HasSubstr("expected true, false or optional")));
}

}  // namespace
}  // namespace penstock::config
