// What commands print of values that come from files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "app/command.h"
#include "support/temp_directory.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FileValues : public ::testing::Test {
 protected:
  TempDirectory directory;

  // A configuration whose upstream, a value that is no credential, is in a file.
  std::string configuration(const std::string& host) const {
    return directory.write(
        host + ".yaml",
        "providers: {inference: [{provider_id: p, provider_type: remote::passthrough, config: "
        "{base_url: 'http://${file:" +
            directory.write(host, host + "\n") + "}'}}]}\n");
  }
};

TEST_F(FileValues, AreNotPrintedByCheck) {
  const CommandOutcome outcome = run_command({"check", configuration("hunter2.internal")});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("base_url: http://********/v1\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("hunter2")));
}

TEST_F(FileValues, AreNotPrintedByDiff) {
  const CommandOutcome outcome =
      run_command({"diff", configuration("hunter2.internal"), configuration("hunter3.internal")});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("base_url"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("hunter")));
}

}  // namespace
}  // namespace penstock::testing
