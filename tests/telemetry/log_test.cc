#include "telemetry/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::telemetry {
namespace {

using ::testing::MatchesRegex;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(Log, WritesOneDatedLineForEachMessage) {
  CaptureStderr();
  Log log(LogLevel::kInfo);
  log.info("listening on 127.0.0.1:8321");
  log.warning("it is \"late\"");
  EXPECT_THAT(GetCapturedStderr(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info     "
                           "listening on 127.0.0.1:8321\n"
                           "[0-9T:.-]+Z warning  it is \"late\"\n"));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  CaptureStderr();
  Log log(LogLevel::kWarning);
  log.debug("d");
  log.info("i");
  Log silent(LogLevel::kOff);
  silent.error("e");
  EXPECT_EQ(GetCapturedStderr(), "");
}

// faults-measured #17
TEST(Log, MasksWhatIsConfidential) {
  const std::vector<std::string_view> keys = {"sk-0123456789-abc"};
  const Confidential confidential{.credentials = SecretGuard(keys),
                                  .texts = HiddenTexts({"gpu.internal"})};
  CaptureStderr();
  Log log(LogLevel::kInfo, &confidential);
  log.error("gpu.internal says: sk-0123456789-abc");
  EXPECT_THAT(GetCapturedStderr(), ::testing::EndsWith(" ******** says: *****************\n"));
}

TEST(Log, KeepsAMessageOnOneLine) {
  CaptureStderr();
  Log log(LogLevel::kDebug);
  log.error("first\nsecond \x1b[31m");
  EXPECT_THAT(GetCapturedStderr(),
              MatchesRegex("[^\n]*Z error    first\\\\u000Asecond \\\\u001B\\[31m\n"));
}

// faults-measured 12
TEST(Log, WaitsForNoReaderAndSaysWhatWasLost) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const int page = fcntl(ends[1], F_SETPIPE_SZ, 4096);
  const int before = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  Log log(LogLevel::kInfo);
  for (int i = 0; i < page; ++i) log.info("nobody reads");
  std::string text(static_cast<std::size_t>(page), '\0');
  const ssize_t got = read(ends[0], text.data(), text.size());
  log.info("somebody reads");
  std::string rest(1000, '\0');
  const ssize_t got_then = read(ends[0], rest.data(), rest.size());
  dup2(before, STDERR_FILENO);
  close(before);
  close(ends[0]);
  ASSERT_GT(got, 0);
  ASSERT_GT(got_then, 0);
  text.resize(static_cast<std::size_t>(got));
  rest.resize(static_cast<std::size_t>(got_then));
  EXPECT_TRUE(text.ends_with("nobody reads\n"));
  const auto written = std::count(text.begin(), text.end(), '\n');
  EXPECT_THAT(rest, MatchesRegex("[^\n]*Z warning  " + std::to_string(page - written) +
                                 " messages were lost: stderr did not take them\n"
                                 "[^\n]*Z info     somebody reads\n"));
}

}  // namespace
}  // namespace penstock::telemetry
