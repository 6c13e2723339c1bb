#include "support/test_pki.h"

#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace penstock::testing {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

void check(bool good) {
  if (!good) throw std::runtime_error("OpenSSL could not make the test's certificates");
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

// With an issuer, `names` are what the certificate is for.
Certificate make_certificate(const char* name, long serial, EVP_PKEY* key, X509* issuer,
                             EVP_PKEY* issuer_key, long seconds_left,
                             const std::string& names = {}) {
  Certificate certificate(X509_new());
  X509* const made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), seconds_left);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  if (issuer == nullptr) {
    X509_set_issuer_name(made, X509_get_subject_name(made));
    add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made, made, NID_key_usage, "critical,keyCertSign");
  } else {
    X509_set_issuer_name(made, X509_get_subject_name(issuer));
    add_extension(made, issuer, NID_subject_alt_name, names.c_str());
  }
  check(X509_sign(made, issuer_key, EVP_sha256()) > 0);
  return certificate;
}

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  check(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace

TestPki::TestPki(const std::string& names, long seconds_left) {
  const Key ca_key(EVP_EC_gen("P-256"));
  const Key key(EVP_EC_gen("P-256"));
  const Certificate ca =
      make_certificate("Test authority", 1, ca_key.get(), nullptr, ca_key.get(), 24L * 3600);
  const Certificate leaf =
      make_certificate("localhost", 2, key.get(), ca.get(), ca_key.get(), seconds_left, names);
  ca_file_ = directory_.write("ca.pem", pem_of(ca.get()));
  certificate_file_ = directory_.write("certificate.pem", pem_of(leaf.get()));
  key_file_ = directory_.write("key.pem", pem_of(key.get()));

  server_.reset(SSL_CTX_new(TLS_server_method()));
  check(SSL_CTX_use_certificate(server_.get(), leaf.get()) == 1);
  check(SSL_CTX_use_PrivateKey(server_.get(), key.get()) == 1);
  client_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(client_.get(), SSL_VERIFY_PEER, nullptr);
  check(SSL_CTX_load_verify_locations(client_.get(), ca_file_.c_str(), nullptr) == 1);
}

}  // namespace penstock::testing
