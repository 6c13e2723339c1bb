// `penstock diff`: its output, to the letter.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "app/command.h"
#include "support/paths.h"
#include "support/temp_directory.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

const std::string kData = PENSTOCK_SOURCE_DIR "/tests/app/data/";

// In a folder of its own, in which the files are that the configurations name.
class DiffCommand : public ::testing::Test {
 protected:
  DiffCommand() { std::filesystem::current_path(directory.path_of("")); }
  ~DiffCommand() override { std::filesystem::current_path(before_); }

  std::string file(std::string_view name, std::string_view text) const {
    return directory.write(name, text);
  }

  TempDirectory directory;

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

TEST_F(DiffCommand, ShowsWhatChangesByItsEffect) {
  for (const char* const name : {"old.pem", "new.pem", "key.pem"}) file(name, "");
  const CommandOutcome outcome = run_command({"diff", kData + "old.yaml", kData + "new.yaml"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, read_file(kData + "difference.txt"));
  EXPECT_EQ(outcome.err, "");
}

TEST_F(DiffCommand, SaysThatNothingChanges) {
  const std::string text =
      "providers: {inference: [{provider_id: a, provider_type: remote::ollama}]}";
  const CommandOutcome outcome =
      run_command({"diff", file("old.yaml", text), file("new.yaml", text + "\n# a comment\n")});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "nothing changes\n");
}

TEST_F(DiffCommand, PrintsJsonForPrograms) {
  const std::string provider =
      "providers: {inference: [{provider_id: a, provider_type: remote::ollama}]}\n";
  const CommandOutcome outcome = run_command(
      {"diff", "--json",
       file("old.yaml", provider + "server: {api_keys: [{name: k, key: sk-canary-1}]}"),
       file("new.yaml", provider + "server: {api_keys: [{name: k, key: sk-canary-2}], threads: 2, "
                                   "timeouts: {connect: 500ms}}")});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out,
            R"({"changes":[)"
            R"({"path":"server.threads","change":"changed","effect":"needs_restart",)"
            R"("before":"0","after":"2"},)"
            R"({"path":"server.api_keys[k].key","change":"changed","effect":"at_once"},)"
            R"({"path":"server.timeouts.connect","change":"changed","effect":"at_once",)"
            R"("before":"5","after":"500ms"}]})"
            "\n");
  const CommandOutcome same =
      run_command({"diff", "--json", file("old.yaml", provider), file("new.yaml", provider)});
  EXPECT_EQ(same.out, "{\"changes\":[]}\n");
}

TEST_F(DiffCommand, ReportsTheProblemsOfBothFiles) {
  const CommandOutcome outcome = run_command(
      {"diff", file("old.yaml", "server: {prot: 1}"), directory.path_of("missing.yaml")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("old.yaml:1:10: server.prot: unknown key"));
  EXPECT_THAT(outcome.err, HasSubstr("missing.yaml:1:1: the file cannot be read"));
  EXPECT_EQ(run_command({"diff", file("old.yaml", "")}).status, 2);
}

}  // namespace
}  // namespace penstock::testing
