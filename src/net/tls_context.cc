#include "net/tls_context.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace penstock::net {
namespace {

std::unexpected<Error> tls_failure(const std::string& what) {
  std::array<char, 256> reason{};
  const unsigned long code = ERR_get_error();
  ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  const std::string why = code != 0 ? std::string(": ") + reason.data() : std::string();
  return failure(Error::gateway(ErrorKind::kInternal, what + why));
}

// After a failure to read a `what` from `file`.
std::unexpected<Error> unusable(std::string_view what, const std::string& file) {
  std::string message = "cannot use the " + std::string(what) + " in " + file;
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const bool is_no_pem = reason == PEM_R_NO_START_LINE ||
                         reason == X509_R_NO_CERTIFICATE_OR_CRL_FOUND ||
                         reason == ERR_R_UNSUPPORTED;
  if (!is_no_pem) return tls_failure(message);
  ERR_clear_error();
  message.append(": this is not a PEM file with a ").append(what);
  return failure(Error::gateway(ErrorKind::kInternal, std::move(message)));
}

std::shared_ptr<SSL_CTX> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections hold no buffers; a read takes a record's head and body in one system call; a
  // write may be taken in part, and continue from a buffer that has moved.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

// Called where a key is encrypted: nobody is there to type a passphrase.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Status load_certificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return unusable("certificate", certificate);
  }
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  const int used = SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used == 1) return {};
  if (is_encrypted) {
    return failure(Error::gateway(ErrorKind::kInternal,
                                  "the private key in " + key +
                                      " is encrypted; remove its passphrase, as with `openssl "
                                      "pkey -in FILE -out FILE`"));
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
    return tls_failure("the private key in " + key + " does not match " + certificate);
  }
  return unusable("private key", key);
}

// OpenSSL ignores names that it does not know, and a server would then be less strict than
// configured.
bool is_known_cipher(SSL_CTX* context, const std::string& name) {
  constexpr std::string_view kOperators = "!-+@";
  if (kOperators.contains(name.front())) return true;
  const bool is_known = SSL_CTX_set_cipher_list(context, name.c_str()) == 1;
  ERR_clear_error();
  return is_known;
}

Status use_ciphers(SSL_CTX* context, std::string_view list) {
  std::string tls13;
  std::string earlier;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(":, "), list.size());
    const std::string name(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (name.empty()) continue;
    const bool is_tls13 = name.starts_with("TLS_");
    if (!is_tls13 && !is_known_cipher(context, name)) {
      return tls_failure("no usable cipher in '" + name + "'");
    }
    (is_tls13 ? tls13 : earlier).append(name).append(":");
  }
  if (!tls13.empty() && SSL_CTX_set_ciphersuites(context, tls13.c_str()) != 1) {
    return tls_failure("no usable cipher in '" + tls13 + "'");
  }
  if (earlier.empty()) {
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  } else if (SSL_CTX_set_cipher_list(context, earlier.c_str()) != 1) {
    return tls_failure("no usable cipher in '" + earlier + "'");
  }
  return {};
}

// Only http/1.1 is supported; a client that offers nothing else is refused during the handshake.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void*) {
  static constexpr std::array<unsigned char, 9> kHttp11 = {8,   'h', 't', 't', 'p',
                                                           '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, out_size, kHttp11.data(), kHttp11.size(), in, in_size);
  *out = selected;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<TlsContext> TlsContext::server(const ServerOptions& options) {
  TlsContext made(make_context(TLS_server_method()));
  SSL_CTX* context = made.get();
  if (context == nullptr) return tls_failure("cannot create a TLS context");
  if (Status loaded = load_certificate(context, options.certificate_file, options.key_file);
      !loaded) {
    return failure(loaded.error());
  }
  if (!options.client_ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(context, options.client_ca_file.c_str(), nullptr) != 1) {
      return unusable("certificate", options.client_ca_file);
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  if (!options.ciphers.empty()) {
    if (Status used = use_ciphers(context, options.ciphers); !used) return failure(used.error());
  }
  static constexpr std::array<unsigned char, 8> kSessionContext = {'p', 'e', 'n', 's',
                                                                   't', 'o', 'c', 'k'};
  SSL_CTX_set_session_id_context(context, kSessionContext.data(), kSessionContext.size());
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return made;
}

Result<TlsContext> TlsContext::client(const ClientOptions& options) {
  TlsContext made(make_context(TLS_client_method()));
  SSL_CTX* context = made.get();
  if (context == nullptr) return tls_failure("cannot create a TLS context");
  if (options.tls13_only) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  if (!options.ciphers.empty()) {
    if (Status used = use_ciphers(context, options.ciphers); !used) return failure(used.error());
  }
  if (options.verify == ClientOptions::Verify::kYes) {
    const int loaded = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                               : SSL_CTX_load_verify_locations(
                                                     context, options.ca_file.c_str(), nullptr);
    if (loaded != 1) return unusable("certificate", options.ca_file);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (!options.certificate_file.empty()) {
    if (Status loaded = load_certificate(context, options.certificate_file, options.key_file);
        !loaded) {
      return failure(loaded.error());
    }
  }
  return made;
}

}  // namespace penstock::net
