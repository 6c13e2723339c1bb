// What the command line says of a mistake.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/command.h"
#include "support/temp_directory.h"

namespace penstock::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Mistake {
  std::vector<std::string> arguments;
  std::string told;
};

void expect_told(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    const CommandOutcome outcome = run_command(mistake.arguments);
    EXPECT_EQ(outcome.status, 2) << ::testing::PrintToString(mistake.arguments);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(mistake.told))
        << ::testing::PrintToString(mistake.arguments);
  }
}

// reported-failures 6.4
TEST(CommandMistake, NamesWhatWasProbablyMeant) {
  expect_told({
      {{"serv"}, "penstock: there is no command `serv`; did you mean `serve`?\n"},
      {{"explian-route", "m"}, "did you mean `explain-route`?"},
      {{"serve", "--prot", "1"},
       "penstock serve: there is no option --prot; did you mean `--port`?\n"},
      {{"serve", "--prot=1"}, "there is no option --prot; did you mean `--port`?"},
      {{"explain-route", "m", "--heder", "a=b"}, "did you mean `--header`?"},
      {{"import", "litelm", "f"}, "FROM: `litelm` is not known; did you mean `litellm`?"},
  });
}

TEST(CommandMistake, ListsWhatIsKnownWhereNothingIsNear) {
  expect_told({
      {{}, "a command is missing; the known ones are serve, check, "},
      {{"frobnicate"}, "there is no command `frobnicate`; the known ones are serve, check, "},
      {{"--config", "f"}, "a command must precede --config; the known ones are serve, "},
      {{"serve", "-x"}, "there is no option -x; the known ones are --help, --config, "},
      {{"import", "nginx", "f"}, "the known ones are litellm, llama-swap, envoy"},
  });
}

// reported-failures 6.4
TEST(CommandMistake, NamesTheOptionAndItsRange) {
  for (const char* value : {"99999", "65536", "-1", "x", "80x", ""}) {
    const CommandOutcome outcome = run_command({"serve", "--port", value});
    EXPECT_EQ(outcome.status, 2) << value;
    EXPECT_THAT(outcome.err,
                StartsWith("penstock serve: --port: expected a number from 0 to 65535"))
        << value;
  }
}

TEST(CommandMistake, TellsWhatIsMissingAndWhatIsTooMuch) {
  expect_told({
      {{"serve", "--port"}, "penstock serve: --port needs a value\n"},
      {{"check", "a", "--config", "b"}, "--config is given more than once"},
      {{"check", "a", "b"}, "there is one argument too many: b"},
      {{"explain-route"}, "MODEL is required"},
  });
}

TEST(CommandMistake, TellsWhereTheCommandGoesBeforeAFile) {
  const TempDirectory directory;
  const std::string file = directory.write("run.yaml", "");
  expect_told({{{file}, "a command must precede a file: penstock serve FILE\n"}});
}

TEST(CommandMistake, PointsToTheHelpOfTheCommand) {
  expect_told({
      {{"serve", "--nothing"}, "\n`penstock serve --help` shows its options, and examples.\n"},
      {{"nothing"}, "\n`penstock --help` says what the commands do.\n"},
  });
}

TEST(CommandMistake, ShowsNoControlCharacterOfAnArgument) {
  const CommandOutcome outcome = run_command({"serve", "--a\x1b[2J"});
  EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace penstock::testing
