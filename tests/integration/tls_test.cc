// TLS on both sides: whom the server trusts, what it presents, and what it does if the two do not
// agree. endings_test.cc covers how an answer ends over TLS.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/gateway_test.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using MinVersion = config::UpstreamTls::MinVersion;

// --- Towards the upstream ---

class UpstreamTls : public ::testing::Test {
 protected:
  TestPki pki;
  ScriptedUpstream upstream{pki.server_context()};
  config::Settings settings = passthrough_settings(upstream.url());

  config::UpstreamTls& tls() { return settings.providers[0].tls; }
  void trust(const TestPki& trusted) { tls().ca_file = trusted.ca_file(); }

  WholeAnswer ask() {
    TestService service(settings);
    return RawClient(service.port()).ask(chat(Answer::kWhole));
  }
  void expect_service() {
    const WholeAnswer answer = ask();
    EXPECT_EQ(answer.status(), 200) << answer.body;
  }
  void expect_no_connection() {
    expect_error(ask(), 502, "upstream_unreachable");
    EXPECT_TRUE(upstream.requests().empty());
    EXPECT_TRUE(upstream.models_requests().empty());
  }
};

TEST_F(UpstreamTls, TrustsTheAuthorityThatItIsTold) {
  trust(pki);
  expect_service();
}

TEST_F(UpstreamTls, TrustsNobodyElse) {
  expect_no_connection();
  const TestPki another;
  trust(another);
  expect_no_connection();
}

// reported-failures 6.12
TEST_F(UpstreamTls, SaysWhatToDoAboutACertificateThatItDoesNotTrust) {
  EXPECT_THAT(ask().body, HasSubstr("set network.tls.verify to the file of the authority"));
  const auto complaint_about = [&](const TestPki& shown) {
    ScriptedUpstream other(shown.server_context());
    settings = passthrough_settings(other.url());
    trust(shown);
    return ask().body;
  };
  const TestPki expired("DNS:localhost", -60);
  EXPECT_THAT(complaint_about(expired), AllOf(HasSubstr("certificate has expired; the upstream's"),
                                              Not(HasSubstr("network.tls.verify"))));
  const TestPki of_another("DNS:example.com");
  EXPECT_THAT(complaint_about(of_another),
              AllOf(HasSubstr("hostname mismatch; base_url has to have a host"),
                    Not(HasSubstr("network.tls.verify"))));
}

TEST_F(UpstreamTls, TrustsEverybodyWhereVerificationIsOff) {
  tls().verify = false;
  expect_service();
}

TEST_F(UpstreamTls, AsksForTheNameInTheUrl) {
  const TestPki for_another("DNS:example.com,DNS:*.localhost");
  ScriptedUpstream other(for_another.server_context());
  settings = passthrough_settings(other.url());
  trust(for_another);
  expect_error(ask(), 502, "upstream_unreachable");
  EXPECT_TRUE(other.requests().empty());
  // Without verification, the name is not checked either.
  tls().verify = false;
  expect_service();
}

TEST_F(UpstreamTls, AsksForTheAddressInTheUrl) {
  settings = passthrough_settings(fmt::format("https://127.0.0.1:{}", upstream.port()));
  trust(pki);
  expect_service();
  const TestPki by_name_only("DNS:localhost,DNS:127.0.0.1");
  ScriptedUpstream other(by_name_only.server_context());
  settings = passthrough_settings(fmt::format("https://127.0.0.1:{}", other.port()));
  trust(by_name_only);
  expect_error(ask(), 502, "upstream_unreachable");
}

TEST_F(UpstreamTls, HasAnOldestVersion) {
  SSL_CTX_set_max_proto_version(pki.server_context(), TLS1_2_VERSION);
  trust(pki);
  expect_service();
  tls().min_version = MinVersion::kTls13;
  const std::size_t served = upstream.requests().size();
  const WholeAnswer answer = ask();
  expect_error(answer, 502, "upstream_unreachable");
  EXPECT_THAT(answer.body, HasSubstr("network.tls.min_version"));
  EXPECT_EQ(upstream.requests().size(), served);
}

TEST_F(UpstreamTls, ReachesANewUpstreamWithANewVersion) {
  SSL_CTX_set_min_proto_version(pki.server_context(), TLS1_3_VERSION);
  trust(pki);
  tls().min_version = MinVersion::kTls13;
  expect_service();
}

TEST_F(UpstreamTls, UsesTheCiphersThatItIsTold) {
  SSL_CTX_set_max_proto_version(pki.server_context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(pki.server_context(), "ECDHE-ECDSA-AES128-GCM-SHA256");
  trust(pki);
  tls().ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  expect_service();
  tls().ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  expect_error(ask(), 502, "upstream_unreachable");
}

class DemandingUpstream : public UpstreamTls {
 protected:
  DemandingUpstream() {
    SSL_CTX* context = pki.server_context();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_load_verify_locations(context, pki.ca_file().c_str(), nullptr);
    trust(pki);
  }
};

TEST_F(DemandingUpstream, IsShownACertificate) {
  tls().client_cert = pki.certificate_file();
  tls().client_key = pki.key_file();
  expect_service();
}

// With TLS 1.3 the refusal comes after the client's side of the handshake is over.
TEST_F(DemandingUpstream, GetsNoRequestWithoutACertificate) {
  const WholeAnswer answer = ask();
  EXPECT_EQ(answer.status(), 502) << answer.body;
  EXPECT_TRUE(upstream.requests().empty());
  SSL_CTX_set_max_proto_version(pki.server_context(), TLS1_2_VERSION);
  expect_no_connection();
}

TEST_F(UpstreamTls, ThatSpeaksNoTlsIsUnreachable) {
  ScriptedUpstream plain;
  plain.greet(Script().send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").close());
  settings = passthrough_settings(fmt::format("https://localhost:{}", plain.port()));
  const WholeAnswer answer = ask();
  expect_error(answer, 502, "upstream_unreachable");
  EXPECT_THAT(answer.body, HasSubstr("use http://"));
}

TEST_F(UpstreamTls, WithFilesThatCannotBeUsedStopsTheStart) {
  const TempDirectory directory;
  const std::string rubbish = directory.write("rubbish.pem", "rubbish");
  const auto reason = [&]() -> std::string {
    try {
      TestService service(settings);
      return "it started";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  tls().ca_file = rubbish;
  EXPECT_THAT(reason(), HasSubstr("provider passthrough"));
  EXPECT_THAT(reason(), HasSubstr(rubbish));
  trust(pki);
  tls().client_cert = pki.certificate_file();
  tls().client_key = rubbish;
  EXPECT_THAT(reason(), HasSubstr(rubbish));
  const TestPki another;
  tls().client_key = another.key_file();
  EXPECT_THAT(reason(), HasSubstr(another.key_file()));
}

TEST_F(UpstreamTls, CarriesStreamsAndReusesItsConnections) {
  trust(pki);
  upstream.answer_always(Script().send(stream_head()).send(chunk(chat_events())).send(kLastChunk));
  TestService service(settings);
  RawClient client(service.port());
  for (int i = 0; i < 3; ++i) {
    const WholeAnswer answer = client.ask(chat(Answer::kStream));
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body, chat_events("passthrough/m1"));
  }
  EXPECT_EQ(upstream.used_connections(), 1u);
}

// --- Towards the client ---

class ServerTls : public GatewayTest {
 protected:
  TestPki pki;

  ServerTls() {
    settings.server.tls_certfile = pki.certificate_file();
    settings.server.tls_keyfile = pki.key_file();
  }
  RawClient connect_tls() { return RawClient(service().port(), pki.client_context()); }
  void demand_certificates() { settings.server.tls_cafile = pki.ca_file(); }
  void show_certificate() {
    SSL_CTX* context = pki.client_context();
    SSL_CTX_use_certificate_file(context, pki.certificate_file().c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, pki.key_file().c_str(), SSL_FILETYPE_PEM);
  }
};

TEST_F(ServerTls, ServesWholeAnswersAndStreams) {
  upstream.answer_next(Script().send(stream_head()).send(chunk(chat_events())).send(kLastChunk));
  RawClient client = connect_tls();
  EXPECT_EQ(client.ask(chat(Answer::kStream)).body, chat_events("passthrough/m1"));
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).body, chat_answer_body("passthrough/m1"));
}

TEST_F(ServerTls, DoesNotAnswerPlainText) {
  RawClient client = connect();
  ASSERT_TRUE(client.send(get("/v1/health")));
  const Io end = client.read_to_end();
  EXPECT_TRUE(end == Io::kEnd || end == Io::kReset) << name_of(end);
  EXPECT_EQ(client.unread().find("HTTP/"), std::string::npos);
}

TEST_F(ServerTls, RefusesOldVersions) {
  SSL_CTX_set_security_level(pki.client_context(), 0);
  SSL_CTX_set_min_proto_version(pki.client_context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(pki.client_context(), TLS1_1_VERSION);
  EXPECT_THROW(connect_tls(), std::runtime_error);
  SSL_CTX_set_max_proto_version(pki.client_context(), TLS1_2_VERSION);
  EXPECT_EQ(connect_tls().ask(get("/v1/health")).status(), 200);
}

TEST_F(ServerTls, GivesAHandshakeNoMoreTimeThanAHead) {
  timeouts().client_header = milliseconds(100);
  for (const std::string_view beginning : {"", "\x16\x03\x01"}) {
    RawClient client = connect();
    ASSERT_TRUE(client.send(beginning));
    const Io end = client.read_to_end();
    EXPECT_TRUE(end == Io::kEnd || end == Io::kReset) << name_of(end);
  }
}

TEST_F(ServerTls, RefusesAClientThatOffersNoHttp11) {
  constexpr unsigned char kOnlyHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(pki.client_context(), kOnlyHttp2, sizeof kOnlyHttp2);
  EXPECT_THROW(connect_tls(), std::runtime_error);
}

// The counts, read over a connection that was made before any handshake failed.
class FailedHandshakes : public ServerTls {
 protected:
  double sample(std::string_view name) {
    if (!reader_) reader_.emplace(connect_tls());
    return sample_of(reader_->ask(get("/metrics")).body, name);
  }
  // Waits until failures of any reason are `count`, and those of `reason` `count_of_reason`.
  void expect(std::string_view reason, double count) {
    const std::string name =
        fmt::format(R"(penstock_tls_handshakes_failed_total{{reason="{}"}})", reason);
    EXPECT_TRUE(eventually([&] { return sample(name) == count; })) << name << " " << sample(name);
  }

 private:
  std::optional<RawClient> reader_;
};

// reported-failures 6.8
TEST_F(FailedHandshakes, OfClientsThatDoNotSpeakTlsToTheirEndAreCounted) {
  timeouts().client_header = milliseconds(300);
  expect("timeout", 0);
  constexpr std::string_view kBeginning = "\x16\x03\x01";
  const auto say = [&](std::string_view text) {
    RawClient client = connect();
    ASSERT_TRUE(client.send(text));
    client.read_to_end();
  };
  say("GET / HTTP/1.1\r\nHost: sk-hunter2\r\n\r\n");
  expect("not_tls", 1);
  say("SSH-2.0-OpenSSH_9.2p1 sk-hunter2\r\n");
  expect("not_tls", 2);
  say(kBeginning);
  expect("timeout", 1);
  EXPECT_EQ(sample(R"(penstock_limit_hits_total{limit="client_header_timeout"})"), 1);
  say("");
  EXPECT_TRUE(eventually(
      [&] { return sample(R"(penstock_limit_hits_total{limit="idle_timeout"})") >= 1; }));
  expect("timeout", 1);  // who sends nothing has not begun
  connect().close();
  RawClient gone = connect();
  ASSERT_TRUE(gone.send(kBeginning));
  gone.half_close();
  gone.read_to_end();
  expect("closed", 1);
}

TEST_F(FailedHandshakes, OfClientsThatHaveNothingInCommonAreCounted) {
  expect("version", 0);
  SSL_CTX* context = pki.client_context();
  const auto fails = [&] { EXPECT_THROW(connect_tls(), std::runtime_error); };
  const TestPki stranger;
  EXPECT_THROW(RawClient(service().port(), stranger.client_context()), std::runtime_error);
  expect("refused_by_client", 1);
  constexpr unsigned char kOnlyHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context, kOnlyHttp2, sizeof kOnlyHttp2);
  fails();
  expect("application_protocol", 1);
  SSL_CTX_set_alpn_protos(context, nullptr, 0);
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  fails();
  expect("version", 1);
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, "ECDHE-RSA-AES128-GCM-SHA256");
  fails();
  expect("cipher", 1);
}

TEST_F(FailedHandshakes, OfClientsWithoutACertificateAreCounted) {
  demand_certificates();
  show_certificate();
  expect("client_certificate", 0);
  const TestPki stranger;
  SSL_CTX* context = pki.client_context();
  SSL_CTX_use_certificate_file(context, stranger.certificate_file().c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context, stranger.key_file().c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  EXPECT_THROW(connect_tls(), std::runtime_error);
  expect("client_certificate", 1);
}

// reported-failures 7.11
TEST_F(ServerTls, UsesTheCiphersThatItIsTold) {
  settings.server.tls_ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384";
  SSL_CTX* context = pki.client_context();
  EXPECT_EQ(connect_tls().ask(get("/healthz")).status(), 200);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  EXPECT_THROW(connect_tls(), std::runtime_error);
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  EXPECT_EQ(connect_tls().ask(get("/healthz")).status(), 200);
  SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_THROW(connect_tls(), std::runtime_error);
}

TEST_F(ServerTls, ServesNoEarlierVersionWhereOnlyCiphersOfTls13AreNamed) {
  settings.server.tls_ciphers = "TLS_AES_256_GCM_SHA384";
  EXPECT_EQ(connect_tls().ask(get("/healthz")).status(), 200);
  SSL_CTX_set_max_proto_version(pki.client_context(), TLS1_2_VERSION);
  EXPECT_THROW(connect_tls(), std::runtime_error);
}

TEST_F(ServerTls, DoesNotStartWithACipherThatIsUnknown) {
  for (const std::string_view ciphers :
       {"ECDHE-ECDSA-AES256-GCM-SHA348", "ECDHE-ECDSA-AES256-GCM-SHA384:NONSENSE",
        "TLS_AES_256_GCM_SHA348", "ECDHE-ECDSA-AES256-GCM-SHA384:TLS_NONSENSE"}) {
    settings.server.tls_ciphers = ciphers;
    EXPECT_EQ(app::Service::faults_of(settings).size(), 1u) << ciphers;
    EXPECT_THROW(TestService{settings}, std::runtime_error) << ciphers;
  }
}

TEST_F(ServerTls, EndsAnAnswerWithANotice) {
  RawClient client = connect_tls();
  EXPECT_EQ(client.ask(get("/v1/health", {{"Connection", "close"}})).status(), 200);
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

TEST_F(ServerTls, AsksClientsForCertificatesWhereItIsTold) {
  demand_certificates();
  show_certificate();
  EXPECT_EQ(connect_tls().ask(get("/v1/health")).status(), 200);
}

TEST_F(ServerTls, ServesNobodyWithoutACertificateWhereItIsTold) {
  demand_certificates();
  SSL_CTX_set_max_proto_version(pki.client_context(), TLS1_2_VERSION);
  EXPECT_THROW(connect_tls(), std::runtime_error);
}

}  // namespace
}  // namespace penstock::testing
