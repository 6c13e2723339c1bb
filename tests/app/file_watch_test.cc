#include "app/file_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_directory.h"

namespace penstock::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::TempDirectory;

constexpr milliseconds kQuiet{500};

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    auto opened = FileWatch::open();
    EXPECT_TRUE(opened);
    watch_ = std::move(*opened);
  }

  std::string path(std::string_view name = "run.yaml") const { return directory_.path_of(name); }
  void write(std::string_view name, std::string_view text) const { directory_.write(name, text); }
  void watch(const std::vector<std::string>& paths) { watch_->watch(paths, kQuiet); }

  bool is_readable() const {
    pollfd descriptor{.fd = watch_->descriptor(), .events = POLLIN, .revents = 0};
    return poll(&descriptor, 1, 0) == 1;
  }

  // As the thread does that polls the descriptor, for two seconds: how many changes it is told of.
  int changes() {
    int changes = 0;
    for (const FileWatch::TimePoint end = now_ + milliseconds(2000); now_ < end;
         now_ += milliseconds(10)) {
      const bool is_due = watch_->due() && *watch_->due() <= now_;
      if (is_readable() || is_due) changes += watch_->has_changed(now_) ? 1 : 0;
    }
    return changes;
  }

  TempDirectory directory_;
  std::unique_ptr<FileWatch> watch_;
  FileWatch::TimePoint now_{std::chrono::hours(1)};
};

TEST_F(FileWatchTest, SeesAFileThatIsOverwritten) {
  write("run.yaml", "a");
  watch({path()});
  EXPECT_EQ(changes(), 0);
  write("run.yaml", "b");
  EXPECT_EQ(changes(), 1);
  EXPECT_EQ(changes(), 0);
}

TEST_F(FileWatchTest, SeesAFileThatIsReplacedAndItsSuccessor) {
  write("run.yaml", "a");
  watch({path()});
  for (const char* const text : {"b", "c"}) {
    write("run.yaml.new", text);
    fs::rename(path("run.yaml.new"), path());
    EXPECT_EQ(changes(), 1) << text;
  }
  write("run.yaml", "d");
  EXPECT_EQ(changes(), 1);
}

// As kubelet updates a ConfigMap: https://github.com/kubernetes/kubernetes, atomic_writer.go.
class ConfigMapVolume {
 public:
  explicit ConfigMapVolume(fs::path root) : root_(std::move(root)) {
    fs::create_directories(root_);
  }
  void publish(const std::string& version, std::string_view text) {
    const std::string folder = "..2026_11_30_" + version;
    fs::create_directory(root_ / folder);
    std::ofstream(root_ / folder / "run.yaml") << text;
    fs::create_directory_symlink(folder, root_ / "..data_tmp");
    fs::rename(root_ / "..data_tmp", root_ / "..data");
    if (!fs::is_symlink(root_ / "run.yaml")) {
      fs::create_symlink("..data/run.yaml", root_ / "run.yaml");
    }
    if (!published_.empty()) fs::remove_all(root_ / published_);
    published_ = folder;
  }

 private:
  fs::path root_;
  std::string published_;
};

TEST_F(FileWatchTest, SeesAConfigMapThatIsUpdatedAgainAndAgain) {
  ConfigMapVolume volume(path("volume"));
  volume.publish("1", "a");
  watch({path("volume/run.yaml")});
  for (const char* const version : {"2", "3", "4"}) {
    volume.publish(version, version);
    EXPECT_EQ(changes(), 1) << version;
  }
  volume.publish("5", "4");
  EXPECT_EQ(changes(), 0) << "the same text";
}

TEST_F(FileWatchTest, SeesALinkAboveTheFile) {
  fs::create_directories(path("a"));
  fs::create_directories(path("b"));
  write("a/run.yaml", "a");
  write("b/run.yaml", "b");
  fs::create_directory_symlink(path("a"), path("current"));
  watch({path("current/run.yaml")});
  write("a/run.yaml", "z");
  EXPECT_EQ(changes(), 1);
  fs::create_directory_symlink("b", path("next"));
  fs::rename(path("next"), path("current"));
  EXPECT_EQ(changes(), 1);
  write("b/run.yaml", "c");
  EXPECT_EQ(changes(), 1);
  write("a/run.yaml", "c");
  EXPECT_FALSE(is_readable()) << "nobody looks at the old target";
}

TEST_F(FileWatchTest, SeesAFileThatDisappearsAndIsBack) {
  write("run.yaml", "a");
  watch({path()});
  fs::remove(path());
  EXPECT_EQ(changes(), 1);
  write("run.yaml", "a");
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileWatchTest, SeesNoChangeInAFileThatIsWrittenAnewAsItWas) {
  write("run.yaml", "a");
  watch({path()});
  fs::remove(path());
  write("run.yaml", "a");
  fs::last_write_time(path(), fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(changes(), 0);
}

TEST_F(FileWatchTest, SeesAFileWhoseFoldersAreMadeLater) {
  watch({path("x/y/run.yaml")});
  EXPECT_EQ(changes(), 0);
  fs::create_directories(path("x/y"));
  write("x/y/run.yaml", "a");
  EXPECT_EQ(changes(), 1);
  fs::remove_all(path("x"));
  EXPECT_EQ(changes(), 1);
  fs::create_directories(path("x"));
  EXPECT_EQ(changes(), 0);
  fs::create_directories(path("x/y"));
  write("x/y/run.yaml", "b");
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileWatchTest, SeesAFolderThatIsReplaced) {
  fs::create_directories(path("x/y"));
  write("x/y/run.yaml", "a");
  watch({path("x/y/run.yaml")});
  fs::create_directories(path("x/new"));
  write("x/new/run.yaml", "b");
  fs::rename(path("x/y"), path("x/old"));
  fs::rename(path("x/new"), path("x/y"));
  EXPECT_EQ(changes(), 1);
  write("x/y/run.yaml", "c");
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileWatchTest, TakesManyWritesForOneChange) {
  write("run.yaml", "a");
  watch({path()});
  int seen = 0;
  for (int i = 0; i < 100; ++i) {
    write("run.yaml", std::to_string(i));
    now_ += milliseconds(10);
    seen += watch_->has_changed(now_) ? 1 : 0;
  }
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileWatchTest, DoesNotWaitForAWriterThatNeverStops) {
  write("run.yaml", "a");
  watch({path()});
  int seen = 0;
  for (int i = 0; i < 60; ++i) {
    write("run.yaml", std::to_string(i));
    now_ += kQuiet / 5;
    seen += watch_->has_changed(now_) ? 1 : 0;
  }
  EXPECT_EQ(seen, 1);
}

TEST_F(FileWatchTest, IsNotHeldUpByOtherFilesOfTheFolder) {
  write("run.yaml", "a");
  watch({path()});
  write("run.yaml", "b");
  EXPECT_FALSE(watch_->has_changed(now_));
  ASSERT_TRUE(watch_->due());
  const FileWatch::TimePoint due = *watch_->due();
  now_ += milliseconds(100);
  write("access.log", "a line");
  EXPECT_FALSE(watch_->has_changed(now_));
  EXPECT_EQ(watch_->due(), due);
  EXPECT_TRUE(watch_->has_changed(due));
  write("access.log", "a line");
  EXPECT_FALSE(watch_->has_changed(now_));
  EXPECT_FALSE(watch_->due());
}

TEST_F(FileWatchTest, WatchesSeveralFilesAndThenOthers) {
  write("run.yaml", "a");
  write("key.pem", "a");
  watch({path(), path("key.pem")});
  write("key.pem", "b");
  EXPECT_EQ(changes(), 1);
  // What happened before is not forgotten by naming other files.
  write("run.yaml", "b");
  watch({path(), path("other.pem")});
  EXPECT_EQ(changes(), 1);
  write("key.pem", "c");
  EXPECT_EQ(changes(), 0);
  write("other.pem", "a");
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileWatchTest, SeesAFileNamedFromTheWorkingDirectory) {
  write("run.yaml", "a");
  const fs::path before = fs::current_path();
  fs::current_path(path(""));
  watch({"run.yaml", "./sub/../run.yaml"});
  write("run.yaml", "b");
  EXPECT_EQ(changes(), 1);
  fs::current_path(before);
}

TEST_F(FileWatchTest, EndsAtLinksInACircle) {
  fs::create_symlink("b", path("a"));
  fs::create_symlink("a", path("b"));
  watch({path("a")});
  EXPECT_EQ(changes(), 0);
  fs::remove(path("a"));
  write("a", "a");
  EXPECT_EQ(changes(), 1);
}

}  // namespace
}  // namespace penstock::app
