#include "app/file_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

namespace penstock::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |
                                  IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
                                  IN_ONLYDIR;
constexpr std::size_t kLinksMax = 40;  // as the kernel's own limit
constexpr int kQuietTimesMax = 10;
// A way changes while it is looked at, if at all, once or twice.
constexpr int kLooksMax = 8;
// More than a configuration or a bundle of certificates has; what follows is not compared.
constexpr std::size_t kBytesMax = std::size_t{4} * 1024 * 1024;

using Way = std::deque<std::string>;

void put_first(Way& way, const fs::path& path) {
  Way parts;
  for (const fs::path& part : path.relative_path()) parts.push_back(part.string());
  way.insert(way.begin(), parts.begin(), parts.end());
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::open() {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) {
    return failure(Error::gateway(ErrorKind::kInternal,
                                  std::string("files cannot be watched: ") + strerror(errno)));
  }
  return std::unique_ptr<FileWatch>(new FileWatch(descriptor));
}

FileWatch::~FileWatch() {
  ::close(descriptor_);
}

void FileWatch::watch(const std::vector<std::string>& paths, std::chrono::milliseconds quiet) {
  quiet_ = quiet;
  const std::map<std::string, State> known = std::exchange(states_, {});
  for (const std::string& path : paths) states_.emplace(path, State());
  // Before the files are read, so that nothing that happens afterwards is missed.
  watch_directories();
  for (auto& [path, state] : states_) {
    const auto before = known.find(path);
    state = before != known.end() ? before->second : state_of(path);
  }
}

bool FileWatch::has_changed(TimePoint now) {
  if (take_events()) {
    watch_directories();
    if (!due_) latest_ = now + kQuietTimesMax * quiet_;
    due_ = std::min(now + quiet_, latest_);
  }
  if (!due_ || now < *due_) return false;
  due_.reset();
  return take_states();
}

FileWatch::State FileWatch::state_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && !file.eof())) return {};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return {.is_readable = true, .bytes = text.size(), .hash = std::hash<std::string>()(text)};
}

bool FileWatch::take_states() {
  bool has_changed = false;
  for (auto& [path, state] : states_) {
    const State before = std::exchange(state, state_of(path));
    has_changed |= before != state;
  }
  return has_changed;
}

// Until the way is the same twice: between a look at a directory and its watch, a name may appear.
void FileWatch::watch_directories() {
  Names before = std::move(names_);
  names_ = names_on_the_way();
  for (int looks = 1; looks < kLooksMax; ++looks) {
    Names again = names_on_the_way();
    if (again == names_) break;
    before.merge(names_);
    names_ = std::move(again);
  }
  for (const auto& [watch, names] : before) {
    if (!names_.contains(watch)) inotify_rm_watch(descriptor_, watch);
  }
}

FileWatch::Names FileWatch::names_on_the_way() {
  Names names;
  faults_.clear();
  for (const auto& [path, state] : states_) add_way_to(path, names);
  return names;
}

void FileWatch::add_way_to(const std::string& path, Names& names) {
  std::error_code error;
  Way way;
  put_first(way, fs::absolute(path, error));
  fs::path directory = "/";
  for (std::size_t links = 0; !way.empty() && links <= kLinksMax;) {
    const std::string name = std::move(way.front());
    way.pop_front();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      directory = directory.parent_path();
      continue;
    }
    const fs::path here = directory / name;
    const fs::file_status status = fs::symlink_status(here, error);
    if (status.type() == fs::file_type::symlink) {
      add_name(directory, name, names);
      const fs::path target = fs::read_symlink(here, error);
      if (target.is_absolute()) directory = "/";
      put_first(way, target);
      ++links;
      continue;
    }
    if (way.empty() || status.type() != fs::file_type::directory) {
      return add_name(directory, name, names);
    }
    directory = here;
  }
}

void FileWatch::add_name(const std::string& directory, const std::string& name, Names& names) {
  const int watch = inotify_add_watch(descriptor_, directory.c_str(), kEvents);
  if (watch >= 0) {
    names[watch].insert(name);
  } else if (errno != ENOENT && errno != ENOTDIR) {
    faults_.insert(directory + " cannot be watched: " + strerror(errno));
  }
}

bool FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> bytes;
  bool concerns_us = false;
  while (true) {
    const ssize_t count = ::read(descriptor_, bytes.data(), bytes.size());
    if (count <= 0) return concerns_us;
    for (const char* at = bytes.data(); at < bytes.data() + count;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const std::string name(event.len > 0 ? at + sizeof event : "");
      at += sizeof event + event.len;
      const auto names = names_.find(event.wd);
      const bool is_lost = (event.mask & IN_Q_OVERFLOW) != 0;
      const bool is_known = names != names_.end();
      // Without a name, the event is about the directory itself.
      concerns_us |= is_lost || (is_known && (name.empty() || names->second.contains(name)));
    }
  }
}

}  // namespace penstock::app
