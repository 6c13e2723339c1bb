#include "telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
TEST(Log, MasksSecrets) {
  const std::vector<std::string_view> keys = {"sk-0123456789-abc"};
  const SecretGuard secrets(keys);
  CaptureStderr();
  Log log(LogLevel::kInfo, &secrets);
  log.error("upstream says: sk-0123456789-abc");
  EXPECT_THAT(GetCapturedStderr(), ::testing::EndsWith("upstream says: *****************\n"));
}

TEST(Log, KeepsAMessageOnOneLine) {
  CaptureStderr();
  Log log(LogLevel::kDebug);
  log.error("first\nsecond \x1b[31m");
  EXPECT_THAT(GetCapturedStderr(),
              MatchesRegex("[^\n]*Z error    first\\\\u000Asecond \\\\u001B\\[31m\n"));
}

}  // namespace
}  // namespace penstock::telemetry
