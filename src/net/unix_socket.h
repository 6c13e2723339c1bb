#pragma once

// UnixSocket: a listening unix socket and its file, which all threads share.
//
// There is no SO_REUSEPORT for unix sockets: each thread polls the same socket (Listener::share()).

#include <memory>
#include <string>

#include <sys/stat.h>

#include "core/result.h"

namespace penstock::net {

class UnixSocket {
 public:
  // `mode`: who may connect. A file that an earlier server left behind is replaced; one that a
  // server listens on is not. Fails with kInternal and the system's reason.
  static Result<std::unique_ptr<UnixSocket>> listen(const std::string& path, mode_t mode);
  // Whether listen() could succeed, as far as can be seen without trying.
  static Status check(const std::string& path);

  // Removes the file, unless another server has put its own there.
  ~UnixSocket();
  UnixSocket(const UnixSocket&) = delete;
  UnixSocket& operator=(const UnixSocket&) = delete;

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

 private:
  UnixSocket(int descriptor, std::string path);

  int descriptor_;
  std::string path_;
  struct stat file_;  // as it was made
};

}  // namespace penstock::net
