#include "net/certificate.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace penstock::net {
namespace {

// OpenSSL's index for what belongs to the application (SSL_CTX_get_app_data).
constexpr int kAppData = 0;

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Nullopt if the date cannot be read.
std::optional<WallTime> end_of(const X509* certificate) {
  std::tm date{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &date) != 1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&date));
}

}  // namespace

Result<WallTime> certificate_end(const std::string& file) {
  const std::unique_ptr<std::FILE, CloseFile> input(std::fopen(file.c_str(), "re"));
  std::optional<WallTime> earliest;
  while (input) {
    const Certificate certificate(PEM_read_X509(input.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    const std::optional<WallTime> end = end_of(certificate.get());
    if (end) earliest = std::min(earliest.value_or(*end), *end);
  }
  ERR_clear_error();
  if (earliest) return *earliest;
  return failure(Error::gateway(ErrorKind::kInternal, file + " has no certificate"));
}

PeerCertificateWatch::PeerCertificateWatch(const TlsContext& context) : context_(context.get()) {
  SSL_CTX_set_ex_data(context_, kAppData, this);
  SSL_CTX_set_info_callback(context_, note);
}

PeerCertificateWatch::~PeerCertificateWatch() {
  SSL_CTX_set_info_callback(context_, nullptr);
  SSL_CTX_set_ex_data(context_, kAppData, nullptr);
}

void PeerCertificateWatch::note(const SSL* ssl, int where, int /*result*/) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  auto* watch =
      static_cast<PeerCertificateWatch*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), kAppData));
  const Certificate certificate(SSL_get1_peer_certificate(ssl));
  if (certificate) watch->end_ = end_of(certificate.get());
}

}  // namespace penstock::net
