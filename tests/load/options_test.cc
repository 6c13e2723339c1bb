#include "load/options.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace penstock::load {
namespace {

Options parse(std::vector<std::string> arguments) {
  CLI::App app;
  Options options;
  add_options(app, options);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  check_options(options);
  return options;
}

TEST(LoadOptions, AreAClosedLoopOfWholeAnswersUnlessSaidOtherwise) {
  const Options options = parse({});
  EXPECT_EQ(options.rate, 0);
  EXPECT_EQ(options.connections, 1U);
  EXPECT_FALSE(options.stream);
  EXPECT_EQ(options.check, Check::kExact);
  EXPECT_EQ(options.ramp_or_default(), options.warmup / 2);
}

TEST(LoadOptions, TakeTheLoad) {
  const Options options =
      parse({"--connections", "64", "--rate", "4000", "--duration", "2.5", "--warmup", "0.5",
             "--ramp", "0", "--prompt-bytes", "100000", "--check", "shape"});
  EXPECT_EQ(options.connections, 64U);
  EXPECT_EQ(options.rate, 4000);
  EXPECT_EQ(options.duration, Seconds(2.5));
  EXPECT_EQ(options.warmup, Seconds(0.5));
  EXPECT_EQ(options.ramp_or_default(), Seconds(0));
  EXPECT_EQ(options.prompt_bytes, 100'000U);
  EXPECT_EQ(options.check, Check::kShape);
}

TEST(LoadOptions, TakeSeveralHeadersAndProcesses) {
  const Options options =
      parse({"--header", "X-One: 1", "--header", "X-Two: a b", "--watch", "17,18"});
  EXPECT_EQ(options.headers, (std::vector<std::string>{"X-One: 1", "X-Two: a b"}));
  EXPECT_EQ(options.watch, (std::vector<pid_t>{17, 18}));
}

TEST(LoadOptions, RefuseWhatWouldBreakTheRequest) {
  EXPECT_THROW(parse({"--header", "no colon"}), CLI::ParseError);
  EXPECT_THROW(parse({"--header", "X-A: b\r\nX-C: d"}), CLI::ParseError);
  EXPECT_THROW(parse({"--header", "two words: b"}), CLI::ParseError);
  EXPECT_THROW(parse({"--key", "a\r\nb"}), CLI::ParseError);
  EXPECT_THROW(parse({"--path", "v1/models"}), CLI::ParseError);
  EXPECT_THROW(parse({"--path", "/v1 /models"}), CLI::ParseError);
  EXPECT_THROW(parse({"--sim", "{\"tokens\": "}), CLI::ParseError);
  EXPECT_THROW(parse({"--sim", "3"}), CLI::ParseError);
}

TEST(LoadOptions, RefuseLoadsThatCannotBe) {
  EXPECT_THROW(parse({"--connections", "0"}), CLI::ParseError);
  EXPECT_THROW(parse({"--rate", "-1"}), CLI::ParseError);
  EXPECT_THROW(parse({"--duration", "0"}), CLI::ParseError);
  EXPECT_THROW(parse({"--timeout", "0"}), CLI::ParseError);
  EXPECT_THROW(parse({"--hold"}), CLI::ParseError);
  EXPECT_THROW(parse({"--hold", "--stream", "--rate", "5"}), CLI::ParseError);
  EXPECT_THROW(parse({"--check", "some"}), CLI::ParseError);
}

}  // namespace
}  // namespace penstock::load
