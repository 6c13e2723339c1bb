// What the contexts allow in a handshake. Both ends are in memory: no socket, no wait.

#include "net/tls_context.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "support/temp_directory.h"
#include "support/test_pki.h"

namespace penstock::net {
namespace {

using testing::TestPki;

struct FreeTls {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Tls = std::unique_ptr<SSL, FreeTls>;
using Context = std::unique_ptr<SSL_CTX, FreeTls>;

// A peer that speaks the versions it is told and trusts everybody.
Context peer(int oldest, int newest) {
  Context made(SSL_CTX_new(TLS_method()));
  SSL_CTX_set_min_proto_version(made.get(), oldest);
  SSL_CTX_set_max_proto_version(made.get(), newest);
  return made;
}

// Whether they agree, and on what.
struct Handshake {
  bool done = false;
  std::string version;
  std::string protocol;

  // `protocols` is what the client offers by ALPN, in the wire format.
  Handshake(SSL_CTX* client_context, SSL_CTX* server_context, const std::string& protocols = {}) {
    // Old versions need the lowest security level; others hide what a context forbids.
    SSL_CTX_set_security_level(client_context, 0);
    SSL_CTX_set_security_level(server_context, 0);
    const Tls client(SSL_new(client_context));
    const Tls server(SSL_new(server_context));
    BIO* near = nullptr;
    BIO* far = nullptr;
    BIO_new_bio_pair(&near, 0, &far, 0);
    SSL_set_bio(client.get(), near, near);
    SSL_set_bio(server.get(), far, far);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    if (!protocols.empty()) {
      SSL_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    }
    for (int turns = 0; turns < 10 && !done; ++turns) {
      const bool client_done = SSL_do_handshake(client.get()) == 1;
      const bool server_done = SSL_do_handshake(server.get()) == 1;
      done = client_done && server_done;
    }
    // With TLS 1.3 a server's refusal reaches the client with its first read.
    char byte = 0;
    if (done && SSL_read(client.get(), &byte, 1) <= 0 &&
        SSL_get_error(client.get(), -1) == SSL_ERROR_SSL) {
      done = false;
    }
    version = SSL_get_version(client.get());
    const unsigned char* selected = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(client.get(), &selected, &size);
    if (size > 0) protocol.assign(selected, selected + size);
  }
};

class TlsContextTest : public ::testing::Test {
 protected:
  TlsContext server(const std::string& client_ca = {}) {
    return *TlsContext::server({.certificate_file = pki_.certificate_file(),
                                .key_file = pki_.key_file(),
                                .client_ca_file = client_ca});
  }
  TlsContext client(TlsContext::ClientOptions options = {}) {
    options.ca_file = pki_.ca_file();
    return *TlsContext::client(options);
  }
  Context peer_server(int oldest, int newest) {
    Context made = peer(oldest, newest);
    SSL_CTX_use_certificate_chain_file(made.get(), pki_.certificate_file().c_str());
    SSL_CTX_use_PrivateKey_file(made.get(), pki_.key_file().c_str(), SSL_FILETYPE_PEM);
    return made;
  }
  TestPki pki_;
  testing::TempDirectory directory_;
};

// The machine's settings may allow what is not allowed here.
TEST_F(TlsContextTest, NeitherEndSpeaksAVersionBefore12) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const Context old_client = peer(version, version);
    EXPECT_FALSE(Handshake(old_client.get(), server().get()).done) << version;
    const Context old_server = peer_server(version, version);
    EXPECT_FALSE(Handshake(client().get(), old_server.get()).done) << version;
    // The two old ones can talk to each other, so that the refusals above are ours.
    EXPECT_TRUE(Handshake(old_client.get(), old_server.get()).done) << version;
  }
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_TRUE(Handshake(peer(version, version).get(), server().get()).done) << version;
    EXPECT_TRUE(Handshake(client().get(), peer_server(version, version).get()).done) << version;
  }
}

TEST_F(TlsContextTest, AClientMaySpeak13Only) {
  TlsContext::ClientOptions options;
  options.tls13_only = true;
  const Context old_server = peer_server(TLS1_2_VERSION, TLS1_2_VERSION);
  EXPECT_FALSE(Handshake(client(options).get(), old_server.get()).done);
  EXPECT_EQ(Handshake(client(options).get(), server().get()).version, "TLSv1.3");
}

TEST_F(TlsContextTest, AServerAgreesOnHttp11AndOnNothingElse) {
  const Context anybody = peer(TLS1_2_VERSION, TLS1_3_VERSION);
  const Handshake both(anybody.get(), server().get(), "\x02h2\x08http/1.1");
  EXPECT_TRUE(both.done);
  EXPECT_EQ(both.protocol, "http/1.1");
  EXPECT_FALSE(Handshake(anybody.get(), server().get(), "\x02h2").done);
  EXPECT_FALSE(Handshake(anybody.get(), server().get(), "\x08http/1.0").done);
  // A client that offers nothing is assumed to speak HTTP/1.1.
  const Handshake none(anybody.get(), server().get());
  EXPECT_TRUE(none.done);
  EXPECT_EQ(none.protocol, "");
}

TEST_F(TlsContextTest, AServerAsksForCertificatesWhereItIsTold) {
  const Context nobody = peer(TLS1_2_VERSION, TLS1_3_VERSION);
  EXPECT_FALSE(Handshake(nobody.get(), server(pki_.ca_file()).get()).done);
  TlsContext::ClientOptions options;
  options.certificate_file = pki_.certificate_file();
  options.key_file = pki_.key_file();
  EXPECT_TRUE(Handshake(client(options).get(), server(pki_.ca_file()).get()).done);
  // One of another authority.
  const TestPki others;
  options.certificate_file = others.certificate_file();
  options.key_file = others.key_file();
  EXPECT_FALSE(Handshake(client(options).get(), server(pki_.ca_file()).get()).done);
}

// OpenSSL would ask at the terminal, and wait there. reported-failures 6.2
TEST_F(TlsContextTest, DoesNotAskForThePassphraseOfAKey) {
  const std::string file = directory_.write("encrypted.pem", "");
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<BIO, void (*)(BIO*)> bio(BIO_new_file(file.c_str(), "w"), BIO_free_all);
  unsigned char passphrase[] = "secret";
  ASSERT_EQ(PEM_write_bio_PrivateKey(bio.get(), key.get(), EVP_aes_128_cbc(), passphrase, 6,
                                     nullptr, nullptr),
            1);
  BIO_flush(bio.get());
  TlsContext::ClientOptions options;
  options.certificate_file = pki_.certificate_file();
  options.key_file = file;
  for (const auto& made :
       {TlsContext::server({pki_.certificate_file(), file, {}}), TlsContext::client(options)}) {
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message.find(file + " is encrypted; remove its passphrase"),
              std::string::npos)
        << made.error().message;
  }
}

// Each error names the file.
TEST_F(TlsContextTest, NamesTheFileThatCannotBeUsed) {
  const std::string rubbish = directory_.write("rubbish.pem", "no PEM");
  const TestPki others;
  struct Case {
    TlsContext::ServerOptions options;
    std::string named;
  };
  const Case servers[] = {
      {{rubbish, pki_.key_file(), {}}, rubbish},
      {{pki_.certificate_file(), rubbish, {}}, rubbish},
      {{pki_.certificate_file(), pki_.key_file(), rubbish}, rubbish},
      {{"/nowhere.pem", pki_.key_file(), {}}, "/nowhere.pem"},
      {{pki_.certificate_file(), others.key_file(), {}},
       "does not match " + pki_.certificate_file()},
  };
  for (const Case& each : servers) {
    const auto made = TlsContext::server(each.options);
    ASSERT_FALSE(made) << each.named;
    EXPECT_EQ(made.error().kind, ErrorKind::kInternal);
    EXPECT_NE(made.error().message.find(each.named), std::string::npos) << made.error().message;
  }
  EXPECT_NE(TlsContext::server(servers[0].options)
                .error()
                .message.find("not a PEM file with a certificate"),
            std::string::npos);
  EXPECT_NE(TlsContext::server(servers[1].options)
                .error()
                .message.find("not a PEM file with a private key"),
            std::string::npos);
  EXPECT_NE(TlsContext::server(servers[2].options)
                .error()
                .message.find("not a PEM file with a certificate"),
            std::string::npos);
  TlsContext::ClientOptions no_authority;
  no_authority.ca_file = rubbish;
  TlsContext::ClientOptions no_certificate;
  no_certificate.certificate_file = rubbish;
  no_certificate.key_file = pki_.key_file();
  TlsContext::ClientOptions no_key;
  no_key.certificate_file = pki_.certificate_file();
  no_key.key_file = rubbish;
  for (const auto& options : {no_authority, no_certificate, no_key}) {
    const auto made = TlsContext::client(options);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message.find(rubbish), std::string::npos) << made.error().message;
  }
}

TEST_F(TlsContextTest, NamesTheCiphersThatCannotBeUsed) {
  TlsContext::ClientOptions options;
  options.ciphers = "NO-SUCH-CIPHER";
  const auto made = TlsContext::client(options);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("NO-SUCH-CIPHER"), std::string::npos);
}

}  // namespace
}  // namespace penstock::net
