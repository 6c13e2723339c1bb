#include "net/unix_socket.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listener.h"

namespace penstock::net {
namespace {

Error listen_failure(const std::string& path, std::string_view why) {
  std::string message = "cannot listen on unix:" + path + ": ";
  return Error::gateway(ErrorKind::kInternal, message.append(why));
}

Error listen_failure(const std::string& path) {
  const int error = errno;
  std::string why = std::strerror(error);
  if (error == EACCES) why += "; the user of the server must be able to write to its folder";
  if (error == ENOENT) why += "; create its folder";
  return listen_failure(path, why);
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// Of connecting to it; 0: somebody listens.
int connect_error(const std::string& path) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno;
  const sockaddr_un address = address_of(path);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  const int error = ::connect(probe, any, sizeof address) == 0 ? 0 : errno;
  close(probe);
  return error;
}

// Only a socket that nobody listens on may be replaced.
Status check_nobody_listens(const std::string& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return failure(listen_failure(path, "there is a file that is not a socket"));
  }
  const int error = connect_error(path);
  if (error == 0 || error == EAGAIN) {
    return failure(
        listen_failure(path, "another server listens on it; stop it, or choose another socket"));
  }
  if (error == ECONNREFUSED || error == ENOENT) return {};
  errno = error;
  return failure(listen_failure(path));
}

}  // namespace

Result<std::unique_ptr<UnixSocket>> UnixSocket::listen(const std::string& path, mode_t mode) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return failure(listen_failure(path, "the path is too long"));
  }
  if (Status is_free = check_nobody_listens(path); !is_free) return failure(is_free.error());
  unlink(path.c_str());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(listen_failure(path));
  const sockaddr_un address = address_of(path);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  // The file has the mode of the socket, less the umask; never more than `mode`.
  const bool is_open =
      fchmod(descriptor, mode) == 0 && bind(descriptor, any, sizeof address) == 0 &&
      chmod(path.c_str(), mode) == 0 && ::listen(descriptor, Listener::kBacklog) == 0;
  if (!is_open) {
    Error error = listen_failure(path);
    close(descriptor);
    return failure(std::move(error));
  }
  return std::unique_ptr<UnixSocket>(new UnixSocket(descriptor, path));
}

Status UnixSocket::check(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (access(folder.c_str(), W_OK | X_OK) != 0) return failure(listen_failure(path));
  struct stat found{};
  const bool is_other = lstat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode);
  if (is_other) return failure(listen_failure(path, "there is a file that is not a socket"));
  return {};
}

UnixSocket::UnixSocket(int descriptor, std::string path)
    : descriptor_(descriptor), path_(std::move(path)), file_{} {
  stat(path_.c_str(), &file_);
}

UnixSocket::~UnixSocket() {
  close(descriptor_);
  struct stat found{};
  const bool is_ours = lstat(path_.c_str(), &found) == 0 && found.st_dev == file_.st_dev &&
                       found.st_ino == file_.st_ino;
  if (is_ours) unlink(path_.c_str());
}

}  // namespace penstock::net
