#pragma once

// OpenSSL contexts, created once from the TLS settings at startup.
//
// Contexts are shared by all threads: OpenSSL counts their references, and they do not change after
// they are created. The oldest version is always TLS 1.2; renegotiation, compression and session
// tickets with early data are off.

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "core/result.h"

namespace penstock::net {

class TlsContext {
 public:
  struct ServerOptions {
    std::string certificate_file;  // PEM, with its chain
    std::string key_file;
    std::string client_ca_file;  // not empty: clients must present a certificate signed by it
    std::string ciphers{};       // as in ClientOptions
  };
  struct ClientOptions {
    enum class Verify { kNo, kYes };
    Verify verify = Verify::kYes;
    std::string ca_file;  // empty: the system's
    bool tls13_only = false;
    // In OpenSSL's list form; empty for OpenSSL's default. Names of TLS 1.3 begin with TLS_; a list
    // of only such names disables earlier versions.
    std::string ciphers;
    std::string certificate_file;
    std::string key_file;
  };

  // Both fail with kInternal and a message that names the file and OpenSSL's reason.
  static Result<TlsContext> server(const ServerOptions& options);
  static Result<TlsContext> client(const ClientOptions& options);

  SSL_CTX* get() const { return context_.get(); }

 private:
  explicit TlsContext(std::shared_ptr<SSL_CTX> context) : context_(std::move(context)) {}

  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace penstock::net
