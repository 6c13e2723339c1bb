#pragma once

// TestPki: a test's own authority, and a certificate of it for `localhost` and 127.0.0.1 (or for
// other names), both created with the object; the files live as long as it does. Only those who are
// told to trust the authority.

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "support/temp_directory.h"

namespace penstock::testing {

class TestPki {
 public:
  // `names` as OpenSSL's configuration spells a subjectAltName. The certificate is valid for
  // `seconds_left` more; less than none: no longer.
  explicit TestPki(const std::string& names = "DNS:localhost,IP:127.0.0.1",
                   long seconds_left = 24L * 3600);

  // PEM files.
  const std::string& ca_file() const { return ca_file_; }
  const std::string& certificate_file() const { return certificate_file_; }
  const std::string& key_file() const { return key_file_; }

  // For a server that presents the certificate, and a client that trusts the authority. They live
  // as long as the object.
  SSL_CTX* server_context() const { return server_.get(); }
  SSL_CTX* client_context() const { return client_.get(); }

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  TempDirectory directory_;
  std::string ca_file_;
  std::string certificate_file_;
  std::string key_file_;
  std::unique_ptr<SSL_CTX, FreeContext> server_;
  std::unique_ptr<SSL_CTX, FreeContext> client_;
};

}  // namespace penstock::testing
