#include "config/file_reference.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace penstock::config {
namespace {

using State = FileReference::State;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

std::string shown(const std::string& path) {
  return path.starts_with('/') ? "the file " + path : "this file";
}

FileReference failed(State state, std::string remark) {
  return {.state = state, .text = {}, .remark = std::move(remark)};
}

FileReference not_opened(const std::string& path, int reason) {
  if (reason == ENOENT || reason == ENOTDIR) {
    return failed(State::kAbsent, shown(path) +
                                      " does not exist; create it, or give a default as in "
                                      "${file:PATH:=default}");
  }
  if (reason == EACCES || reason == EPERM) {
    return failed(State::kUnusable,
                  fmt::format("{} cannot be read by this user (uid {}); give it to the user or "
                              "the group that the server runs as",
                              shown(path), ::geteuid()));
  }
  return failed(State::kUnusable, fmt::format("{} cannot be read: {}", shown(path),
                                              std::generic_category().message(reason)));
}

// Reads at most one byte more than may be there. False if the system refuses.
bool read_all(int descriptor, std::string& text) {
  text.resize(FileReference::kBytesMax + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return true;
}

void remove_line_end(std::string& text) {
  if (!text.ends_with('\n')) return;
  text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

// Every user can pass all directories above the file.
bool others_reach(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return false;
  for (fs::path folder = real.parent_path();; folder = folder.parent_path()) {
    const fs::perms permissions = fs::status(folder, error).permissions();
    if (error || (permissions & fs::perms::others_exec) == fs::perms::none) return false;
    if (folder == folder.root_path()) return true;
  }
}

std::string warning_about(const std::string& path, const struct stat& status) {
  if ((status.st_mode & S_IROTH) == 0 || !others_reach(path)) return {};
  return shown(path) +
         " can be read by every user of this machine; `chmod o-rwx` keeps it to its owner and "
         "group (defaultMode: 0440 for a secret in Kubernetes)";
}

}  // namespace

FileReference read_file_reference(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return not_opened(path, errno);
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) return not_opened(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return failed(State::kUnusable, shown(path) + " is not a regular file");
  }
  std::string text;
  if (!read_all(file.number(), text)) return not_opened(path, errno);
  if (text.size() > FileReference::kBytesMax) {
    return failed(State::kUnusable, fmt::format("{} has more than {} bytes, the limit for a value",
                                                shown(path), FileReference::kBytesMax));
  }
  if (text.find('\0') != std::string::npos) {
    return failed(State::kUnusable,
                  shown(path) + " is not text: it has a zero byte; is it the right file?");
  }
  remove_line_end(text);
  if (text.empty()) {
    return failed(State::kAbsent, shown(path) +
                                      " is empty; write the value into it, or give a default as in "
                                      "${file:PATH:=default}");
  }
  return {.state = State::kRead, .text = std::move(text), .remark = warning_about(path, status)};
}

}  // namespace penstock::config
