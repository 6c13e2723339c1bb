#pragma once

// FileWatch: notices that files have changed, in whichever way their writers change them.
//
// Editors and configuration management put a new file in the place of the old one, and Kubernetes
// swaps a symbolic link above it (`..data`), so inotify watches the directories: that of each file,
// that of each link on the way to it, and, as long as something on the way does not exist, the
// nearest one that does. Whether a file has changed is decided by its content, once nothing has
// happened to it for a while: so many writes are one change, and a file that is written anew as it
// was is none. A file that disappears has changed, and again when it is back.
//
// Used by one thread, which polls the descriptor. Not noticed are changes that other machines make
// to a network file system, of which the kernel does not tell, and the renaming of a real directory
// further above.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"

namespace penstock::app {

class FileWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Fails with kInternal if the system has no inotify instance left.
  static Result<std::unique_ptr<FileWatch>> open();
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // From here on these files, as they are now, except that what is known of a file that was already
  // watched is kept. A change is reported `quiet` after the last event; at the latest, with a
  // writer that does not stop, ten times that after the first.
  void watch(const std::vector<std::string>& paths, std::chrono::milliseconds quiet);

  // Readable when has_changed() must be called.
  int descriptor() const { return descriptor_; }
  // When it must be called even if the descriptor is not readable.
  std::optional<TimePoint> due() const { return due_; }
  // Whether a file has changed since the last time that this was true, or since watch().
  bool has_changed(TimePoint now);

  // What cannot be watched, one line each with the reason.
  std::vector<std::string> faults() const { return {faults_.begin(), faults_.end()}; }

 private:
  // Of a file's content.
  struct State {
    bool is_readable = false;
    std::uint64_t bytes = 0;
    std::size_t hash = 0;
    bool operator==(const State&) const = default;
  };
  // The names that matter in each watched directory, by the kernel's number of the watch.
  using Names = std::map<int, std::set<std::string>>;

  explicit FileWatch(int descriptor) : descriptor_(descriptor) {}

  static State state_of(const std::string& path);
  void watch_directories();
  Names names_on_the_way();
  void add_way_to(const std::string& path, Names& names);
  void add_name(const std::string& directory, const std::string& name, Names& names);
  // Whether an event was about one of the names.
  bool take_events();
  bool take_states();

  const int descriptor_;
  std::chrono::milliseconds quiet_{0};
  std::map<std::string, State> states_;  // of each path
  Names names_;
  std::set<std::string> faults_;
  std::optional<TimePoint> due_;
  TimePoint latest_{};  // that due_ may become
};

}  // namespace penstock::app
