#include "net/tls_stream.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "net/gather.h"
#include "net/stream_bio.h"

namespace penstock::net {
namespace {

// One TLS record at most: small writes are sent as one record, larger ones without a copy.
constexpr std::size_t kRecordBytes = 16 * 1024;

bool is_ip_literal(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Of a server's handshake.
TlsFailure failure_of_reason(int reason) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return TlsFailure::kNotTls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return TlsFailure::kProtocolVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_SPECIFIED:
      return TlsFailure::kCipher;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return TlsFailure::kApplicationProtocol;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return TlsFailure::kClientCertificate;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return TlsFailure::kClosed;
    default:
      // OpenSSL gives alerts from the peer separate numbers.
      return reason >= SSL_AD_REASON_OFFSET ? TlsFailure::kRefusedByClient : TlsFailure::kOther;
  }
}

// What the operator can do where an upstream's certificate is not trusted; begins with a semicolon.
std::string_view advice_on_certificate(long verified) {
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "; the upstream's operator has to renew it, if this machine's clock is right";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "; check this machine's clock";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "; base_url has to have a host that the certificate names";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "; set network.tls.verify to the file of the authority that signed it";
    default:
      return {};
  }
}

// The same for what else a connection to an upstream can fail at.
std::string_view advice_on_reason(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "; the upstream does not speak TLS on this port: use http://, or another port";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return "; check that the upstream speaks TLS on this port";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return "; the upstream speaks no version of TLS from network.tls.min_version on";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "; the upstream may speak none of network.tls.ciphers, or want a certificate "
             "(network.tls.client_cert)";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "; set network.tls.client_cert and client_key";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "; the upstream does not accept the certificate in network.tls.client_cert";
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
      return "; the upstream does not know the host of base_url";
    default:
      return {};
  }
}

std::string_view advice_on_proxy(long verified, int reason) {
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return "; network.proxy has to have a host that the certificate names";
  }
  if (verified != X509_V_OK) {
    return "; set network.proxy.cacert to the file of the authority that signed it";
  }
  const bool is_plain = reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST;
  return is_plain ? "; the proxy does not speak TLS on this port: name it with http://" : "";
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<RegisteredSocket> socket, const SocketAddress& peer,
                     const TlsContext& context)
    : socket_(std::move(socket)),
      readable_(&socket_->readiness().readable),
      writable_(&socket_->readiness().writable),
      closed_(&socket_->readiness().closed),
      peer_(peer),
      ssl_(SSL_new(context.get())) {
  socket_->readiness().coupled = true;
  SSL_set_fd(ssl_.get(), socket_->descriptor());
}

TlsStream::TlsStream(std::unique_ptr<Stream> below, const TlsContext& context)
    : below_(std::move(below)),
      readable_(&below_->readable()),
      writable_(&below_->writable()),
      closed_(&below_->closed()),
      peer_(below_->peer()),
      ssl_(SSL_new(context.get())) {
  below_->couple_signals();
  BIO* const bio = ssl_ != nullptr ? new_stream_bio(*below_) : nullptr;
  if (bio == nullptr) throw std::bad_alloc();
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() {
  // Tried once, without waiting: it tells the peer that the end is intended. OpenSSL must not be
  // asked to after a failure.
  if (say_goodbye_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

bool TlsStream::has_begun() {
  char byte = 0;
  const ssize_t peeked = recv(socket_->descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool nothing = peeked < 0 && errno == EAGAIN;
  if (nothing) readable().lower();
  return !nothing;
}

void TlsStream::end_writing() {
  if (say_goodbye_) SSL_shutdown(ssl_.get());
  say_goodbye_ = false;
  if (below_ != nullptr) return below_->end_writing();
  socket_->end_writing();
}

void TlsStream::reset_on_close() {
  say_goodbye_ = false;
  if (below_ != nullptr) return below_->reset_on_close();
  socket_->reset_on_close();
}

TlsStream::Progress TlsStream::handshake_step() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Progress::kDone;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      readable().lower();
      return Progress::kAgain;
    case SSL_ERROR_WANT_WRITE:
      writable().lower();
      return Progress::kAgain;
    default:
      return Progress::kFailed;
  }
}

std::string TlsStream::handshake_failure() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason != nullptr ? reason : "the connection was closed during the handshake";
}

std::optional<TlsFailure> TlsStream::classify_accept_failure() const {
  if (BIO_number_read(SSL_get_rbio(ssl_.get())) == 0) return std::nullopt;
  if (SSL_get_verify_result(ssl_.get()) != X509_V_OK) return TlsFailure::kClientCertificate;
  const unsigned long error = ERR_peek_error();
  if (error == 0) return TlsFailure::kClosed;
  return failure_of_reason(ERR_GET_REASON(error));
}

Error TlsStream::connect_failure(Party party) const {
  const long verified = SSL_get_verify_result(ssl_.get());
  const int reason = ERR_GET_REASON(ERR_peek_error());
  std::string message(party == Party::kProxy ? "TLS with the proxy failed: "
                                             : "TLS with the upstream failed: ");
  message += handshake_failure();
  if (party == Party::kProxy) {
    message += advice_on_proxy(verified, reason);
  } else {
    message += verified != X509_V_OK ? advice_on_certificate(verified) : advice_on_reason(reason);
  }
  return Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
                         std::move(message));
}

Task<Status> TlsStream::connect(EventLoop& loop, Deadline& deadline, Signal& cancel,
                                const std::string& host, Party party) {
  SSL_set_connect_state(ssl_.get());
  if (is_ip_literal(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
  } else {
    // Does what SSL_set_tlsext_host_name() does, without that macro's old-style cast.
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
    SSL_set1_host(ssl_.get(), host.c_str());
  }
  for (;;) {
    const Progress progress = handshake_step();
    if (progress == Progress::kDone) break;
    if (progress == Progress::kFailed) co_return failure(connect_failure(party));
    // Both directions are coupled: the one that OpenSSL waits for raises the one that was lowered.
    Signal& needed = readable().raised() ? writable() : readable();
    const Woken woken = co_await wait_any(loop, &deadline, cancel, needed);
    if (woken.by(cancel)) {
      co_return failure(Error::cancelled());
    }
    if (woken.timed_out()) {
      std::string message("the TLS handshake with the ");
      message += party == Party::kProxy ? "proxy" : "upstream";
      message += " took too long; check that it speaks TLS on this port";
      co_return failure(
          Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent, std::move(message))
              .at_limit(Limit::kConnectTimeout));
    }
  }
  say_goodbye_ = true;
  readable().raise();
  co_return Status{};
}

Task<Status> TlsStream::accept(EventLoop& loop, Deadline& deadline, Signal& cancel) {
  SSL_set_accept_state(ssl_.get());
  for (;;) {
    const Progress progress = handshake_step();
    if (progress == Progress::kDone) break;
    if (progress == Progress::kFailed) {
      accept_failure_ = classify_accept_failure();
      co_return failure(Error::client(ErrorKind::kMalformedRequest, handshake_failure()));
    }
    Signal& needed = readable().raised() ? writable() : readable();
    const Woken woken = co_await wait_any(loop, &deadline, cancel, needed);
    if (woken.by(cancel)) {
      co_return failure(Error::cancelled());
    }
    if (woken.timed_out()) {
      accept_failure_ = TlsFailure::kTimeout;
      co_return failure(Error::client(ErrorKind::kRequestTimeout, "the TLS handshake took too long")
                            .at_limit(Limit::kClientHeaderTimeout));
    }
  }
  say_goodbye_ = true;
  // Bytes that arrived with the handshake's last flight are already in OpenSSL.
  readable().raise();
  co_return Status{};
}

void TlsStream::release_buffers() {
  // OpenSSL checks for bytes in use, but finds all of them only since 3.0.14 (CVE-2024-4741).
  const bool between_records = std::strcmp(SSL_rstate_string(ssl_.get()), "RH") == 0;
  if (between_records && SSL_has_pending(ssl_.get()) == 0) SSL_free_buffers(ssl_.get());
}

std::string TlsStream::trouble() const {
  const char* const text = alert_ != 0 ? ERR_reason_error_string(alert_) : nullptr;
  if (text == nullptr) return {};
  return std::string(text).append(advice_on_reason(ERR_GET_REASON(alert_)));
}

Transfer TlsStream::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
  if (result == 1) {
    release_buffers();
    // The stream below was emptied by a read of more than this record.
    if (below_ != nullptr) readable().raise();
    return {Transfer::Kind::kBytes, bytes};
  }
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_ZERO_RETURN:
      return {Transfer::Kind::kEnd, 0};
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      release_buffers();
      readable().lower();
      return {Transfer::Kind::kWouldBlock, 0};
    default:
      // With TLS 1.3 a server refuses a client's certificate only after the handshake.
      if (ERR_GET_REASON(ERR_peek_error()) >= SSL_AD_REASON_OFFSET) alert_ = ERR_peek_error();
      say_goodbye_ = false;
      return {Transfer::Kind::kFailed, 0};
  }
}

Transfer TlsStream::write(std::span<const iovec> pieces) {
  std::array<char, kRecordBytes> record;
  const char* data = nullptr;
  std::size_t size = 0;
  if (pieces.front().iov_len >= kRecordBytes || pieces.size() == 1) {
    data = static_cast<const char*>(pieces.front().iov_base);
    size = pieces.front().iov_len;
  } else {
    data = record.data();
    size = gather(pieces, record);
  }
  ERR_clear_error();
  std::size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), data, size, &written);
  if (result == 1) return {Transfer::Kind::kBytes, written};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      writable().lower();
      return {Transfer::Kind::kWouldBlock, 0};
    default:
      say_goodbye_ = false;
      return {Transfer::Kind::kFailed, 0};
  }
}

}  // namespace penstock::net
