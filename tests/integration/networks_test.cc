// What lies between: forward proxies to upstreams, unix sockets on both sides, and load balancers
// in front.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "config/proxies.h"
#include "config/url.h"
#include "core/address_range.h"
#include "support/forwarding_proxy.h"
#include "support/gateway_test.h"
#include "support/temp_directory.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// --- Forward proxies ---

class BehindProxy : public ::testing::Test {
 protected:
  TestPki pki;
  ScriptedUpstream upstream{pki.server_context()};
  ForwardingProxy proxy;
  config::Settings settings = passthrough_settings(upstream.url());

  BehindProxy() {
    settings.providers[0].tls.ca_file = pki.ca_file();
    go_through(proxy.url());
  }
  void go_through(const std::string& url) {
    config::Proxies& proxies = settings.providers[0].proxies;
    proxies.https = *config::parse_proxy(url);
    proxies.http = proxies.https;
  }
  WholeAnswer ask() {
    TestService service(settings);
    return RawClient(service.port()).ask(chat(Answer::kWhole));
  }
};

TEST_F(BehindProxy, AnUpstreamIsReachedThroughATunnel) {
  TestService service(settings);
  RawClient client(service.port());
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  ASSERT_FALSE(proxy.asked().empty());
  EXPECT_EQ(proxy.asked()[0].start_line,
            fmt::format("CONNECT localhost:{} HTTP/1.1", upstream.port()));
  // Both requests, and the question for the models, were sent through tunnels, and connections
  // kept.
  EXPECT_EQ(proxy.asked().size(), upstream.connections());
  EXPECT_EQ(upstream.used_connections(), 1u);
  const HeadText& head = upstream.wait_for_request(0).head;
  EXPECT_EQ(head.start_line, "POST /v1/chat/completions HTTP/1.1");
  EXPECT_THAT(head.text, Not(HasSubstr("roxy")));
}

TEST_F(BehindProxy, AStreamPassesEventByEvent) {
  const auto later = std::make_shared<Latch>();
  upstream.answer_next(Script()
                           .send(stream_head())
                           .send(chunk(event(chat_delta("a"))))
                           .pause(later)
                           .send(chunk(event(chat_finish())))
                           .send(chunk(kDone))
                           .send(kLastChunk));
  TestService service(settings);
  RawClient client(service.port());
  client.send(chat(Answer::kStream));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_THAT(client.read_event().value_or(""), HasSubstr("\"a\""));
  later->release();
  EXPECT_TRUE(client.read_rest().complete);
}

TEST_F(BehindProxy, TheProxyGetsItsPasswordAndNobodyElse) {
  go_through(proxy.url("alice:hunter2-secret@"));
  proxy.answer("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  TestService service(settings);
  const WholeAnswer answer = RawClient(service.port()).ask(chat(Answer::kWhole));
  expect_error(answer, 502, "upstream_unreachable");
  EXPECT_THAT(answer.body, HasSubstr("the proxy answered 407: it does not accept the user"));
  EXPECT_THAT(answer.body, Not(HasSubstr("alice")));
  EXPECT_THAT(service.access_log(1)[0], Not(HasSubstr("hunter2")));
  // By coreutils' base64.
  EXPECT_EQ(proxy.asked().at(0).find("proxy-authorization"), "Basic YWxpY2U6aHVudGVyMi1zZWNyZXQ=");
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(BehindProxy, AProxyThatWaitedInVainIsATimeout) {
  proxy.answer("HTTP/1.1 504 Gateway Timeout\r\n\r\n");
  expect_error(ask(), 504, "upstream_timeout");
}

TEST_F(BehindProxy, AProxyThatIsSilentHasTheTimeOfAConnection) {
  const ListeningSocket silent(8);
  go_through(fmt::format("http://127.0.0.1:{}", silent.port));
  settings.server.timeouts.connect = milliseconds(50);
  const WholeAnswer answer = ask();
  expect_error(answer, 504, "upstream_timeout");
  EXPECT_THAT(answer.body, HasSubstr("the proxy took too long to connect to the upstream"));
}

TEST_F(BehindProxy, AProxyMayBeReachedOverTlsItself) {
  const ForwardingProxy secure(pki.server_context());
  go_through(secure.url());
  settings.providers[0].proxies.ca_file = pki.ca_file();
  const WholeAnswer answer = ask();
  EXPECT_EQ(answer.status(), 200) << answer.body;
  EXPECT_EQ(secure.asked().at(0).start_line,
            fmt::format("CONNECT localhost:{} HTTP/1.1", upstream.port()));
}

TEST_F(BehindProxy, AProxysCertificateIsCheckedByItsOwnAuthority) {
  const ForwardingProxy secure(pki.server_context());
  go_through(secure.url());
  // That of the upstream does not count.
  const WholeAnswer answer = ask();
  expect_error(answer, 502, "upstream_unreachable");
  EXPECT_THAT(answer.body, HasSubstr("TLS with the proxy failed: "));
  EXPECT_THAT(answer.body, HasSubstr("set network.proxy.cacert to the file"));
  EXPECT_TRUE(secure.asked().empty());
}

TEST_F(BehindProxy, HostsOfNoProxyAreReachedDirectly) {
  settings.providers[0].proxies.no_proxy = {*config::NoProxy::parse("localhost")};
  EXPECT_EQ(ask().status(), 200);
  EXPECT_TRUE(proxy.asked().empty());
}

TEST_F(BehindProxy, APlainUpstreamIsReachedThroughATunnelToo) {
  ScriptedUpstream plain;
  settings = passthrough_settings(plain.url());
  go_through(proxy.url());
  EXPECT_EQ(ask().status(), 200);
  EXPECT_EQ(proxy.asked().at(0).start_line,
            fmt::format("CONNECT 127.0.0.1:{} HTTP/1.1", plain.port()));
  EXPECT_EQ(plain.wait_for_request(0).head.start_line, "POST /v1/chat/completions HTTP/1.1");
}

TEST_F(BehindProxy, ACallersPrivateHostIsNotAskedFor) {
  ScriptedUpstream plain;
  settings = passthrough_settings("");
  go_through(proxy.url());
  const auto ask_for = [&](const std::string& url) {
    TestService service(settings);
    return RawClient(service.port())
        .ask(post(kChatPath, chat_body(),
                  {{"X-OGX-Provider-Data", fmt::format(R"({{"passthrough_url":"{}"}})", url)}}));
  };
  EXPECT_NE(ask_for(plain.url()).status(), 200);
  EXPECT_TRUE(proxy.asked().empty());
  settings.server.caller_url_hosts = {
      *config::parse_caller_url_host(fmt::format("127.0.0.1:{}", plain.port()))};
  EXPECT_EQ(ask_for(plain.url()).status(), 200);
  EXPECT_EQ(proxy.asked().size(), 1u);
}

// --- Unix sockets ---

class OverUnixSocket : public GatewayTest {
 protected:
  TempDirectory directory;
  const std::string path = directory.path_of("p.sock");

  OverUnixSocket() { settings.server.host = "unix:" + path; }
  RawClient connect_to_socket() { return RawClient(Endpoint::connect(path)); }
};

TEST_F(OverUnixSocket, ClientsAreServed) {
  settings.server.threads = 3;
  TestService& served = service();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(connect_to_socket().ask(chat(Answer::kWhole)).status(), 200);
  }
  EXPECT_THAT(served.access_log(20)[0], HasSubstr(R"("peer":"unix")"));
}

TEST_F(OverUnixSocket, UpstreamsAreReached) {
  TestService& behind = service();
  config::Settings in_front = passthrough_settings("");
  in_front.providers[0].base_url = *config::parse_base_url(
      "unix:" + path, config::BasePath::kEndsInV1, config::Ways::kTcpAndSockets);
  TestService front(in_front);
  RawClient client(front.port());
  for (int i = 0; i < 3; ++i) {
    const WholeAnswer answer = client.ask(chat(Answer::kWhole, "passthrough/passthrough/m1"));
    EXPECT_EQ(answer.status(), 200) << answer.body;
  }
  EXPECT_THAT(behind.access_log(3).back(), HasSubstr(R"("peer":"unix")"));
}

TEST_F(OverUnixSocket, TheSocketIsGoneWithTheServer) {
  {
    TestService short_lived(settings);
    EXPECT_EQ(access(path.c_str(), F_OK), 0);
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(OverUnixSocket, ASecondServerIsRefused) {
  service();
  EXPECT_THROW({ const TestService second(settings); }, std::runtime_error);
  EXPECT_EQ(connect_to_socket().ask(chat(Answer::kWhole)).status(), 200);
}

TEST_F(OverUnixSocket, ADrainEndsInOrder) {
  const auto later = std::make_shared<Latch>();
  upstream.answer_next(Script().pause(later).send(json_answer(200, chat_answer_body())));
  TestService& served = service();
  RawClient client = connect_to_socket();
  client.send(chat(Answer::kWhole));
  upstream.wait_for_request();
  served.drain();
  later->release();
  EXPECT_EQ(client.read_answer().status(), 200);
  EXPECT_TRUE(served.wait());
}

TEST_F(OverUnixSocket, ACallerCannotNameASocket) {
  settings = passthrough_settings("");
  const std::string data = fmt::format(R"({{"passthrough_url":"unix:{}"}})", path);
  const WholeAnswer answer =
      connect().ask(post(kChatPath, chat_body(), {{"X-OGX-Provider-Data", data}}));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_THAT(answer.body, HasSubstr("a unix socket cannot be named here"));
}

// --- Load balancers ---

class BehindBalancer : public GatewayTest {
 protected:
  BehindBalancer() {
    settings.server.trusted_proxies.ranges = {*AddressRange::parse("127.0.0.0/8")};
  }
  std::string logged_peer(const std::string& bytes) {
    connect().ask(bytes);
    const std::string line = service().access_log(++lines_).back();
    const std::size_t at = line.find(R"("peer":")");
    if (at == std::string::npos) return line;
    return line.substr(at + 8, line.find('"', at + 8) - at - 8);
  }

 private:
  std::size_t lines_ = 0;
};

TEST_F(BehindBalancer, TheAccessLogHasTheClientsAddress) {
  EXPECT_EQ(logged_peer(post(kChatPath, chat_body(), {{"X-Forwarded-For", "203.0.113.9"}})),
            "203.0.113.9");
  EXPECT_EQ(logged_peer(post(kChatPath, chat_body(), {{"Forwarded", "for=\"[2001:db8::7]\""}})),
            "2001:db8::7");
  EXPECT_EQ(logged_peer(chat(Answer::kWhole)), "127.0.0.1");
}

TEST_F(BehindBalancer, OnlyTheBalancerIsBelieved) {
  settings.server.trusted_proxies.ranges = {*AddressRange::parse("10.0.0.0/8")};
  EXPECT_EQ(logged_peer(post(kChatPath, chat_body(), {{"X-Forwarded-For", "203.0.113.9"}})),
            "127.0.0.1");
}

TEST_F(BehindBalancer, TheProxyProtocolNamesTheClient) {
  settings.server.proxy_protocol = config::ProxyProtocol::kRequired;
  EXPECT_EQ(logged_peer("PROXY TCP4 203.0.113.8 198.51.100.2 5 443\r\n" + chat(Answer::kWhole)),
            "203.0.113.8");
  EXPECT_EQ(RawClient(service().port()).ask("PROXY UNKNOWN\r\n" + get("/healthz")).status(), 200);
  RawClient without = connect();
  without.send(get("/healthz"));
  EXPECT_NE(without.read_to_end(), Io::kTimeout);
  EXPECT_EQ(without.unread(), "");
  const WholeAnswer metrics = connect().ask("PROXY UNKNOWN\r\n" + get("/metrics"));
  EXPECT_EQ(sample_of(metrics.body, R"(penstock_proxy_headers_failed_total{reason="missing"})"), 1);
}

}  // namespace
}  // namespace penstock::testing
