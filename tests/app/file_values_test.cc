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
  EXPECT_THAT(outcome.out, HasSubstr("base_url: \"http://********/v1\"\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("hunter2")));
}

TEST_F(FileValues, AreNotPrintedByDiff) {
  const std::string before = configuration("hunter2.internal");
  const std::string after = configuration("hunter3.internal");
  const CommandOutcome outcome = run_command({"diff", before, after});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("base_url  changed"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("hunter")));
  const CommandOutcome json = run_command({"diff", "--json", before, after});
  EXPECT_THAT(json.out, HasSubstr("base_url"));
  EXPECT_THAT(json.out, Not(HasSubstr("hunter")));
}

// Nothing answers on port 1.
TEST_F(FileValues, AreNotPrintedOfAnUpstreamThatCannotBeReached) {
  const std::string file = configuration("127.0.0.1:1");
  const CommandOutcome models = run_command({"models", "--config", file});
  EXPECT_EQ(models.status, 1);
  EXPECT_THAT(models.err, HasSubstr("provider p: "));
  const CommandOutcome doctor = run_command({"doctor", "--config", file});
  EXPECT_EQ(doctor.status, 1);
  EXPECT_THAT(doctor.out, HasSubstr("provider p"));
  for (const std::string& text : {models.out, models.err, doctor.out, doctor.err}) {
    EXPECT_THAT(text, Not(HasSubstr("127.0.0.1:1")));
  }
}

TEST_F(FileValues, AreNotPrintedOfAFileThatIsRefused) {
  const std::string host = directory.write("host", "203.0.113.77\n");
  const CommandOutcome outcome = run_command(
      {"serve", "--config",
       directory.write("run.yaml", "server: {host: '${file:" + host + "}', port: 0}\n")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("penstock: ******** is not a loopback address"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("203.0.113")));
}

}  // namespace
}  // namespace penstock::testing
