// How many tokens requests are expected to use.

#include "limits/estimate.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::limits {
namespace {

using config::Reserve;

wire::RequestSize text_of(std::uint64_t ascii_bytes, std::uint64_t other_bytes = 0) {
  return {.text = {.ascii_bytes = ascii_bytes, .other_bytes = other_bytes}};
}

TEST(Estimator, BeginsWithWhatIsUsual) {
  const Estimator estimator;
  const Estimator::Tokens tokens = estimator.expect("m", text_of(1'000, 100), Reserve::kLearned);
  EXPECT_EQ(tokens.input, 330);
  EXPECT_EQ(tokens.output, Estimator::kDefaultOutput);
}

// limits.md case 17
TEST(Estimator, CountsImagesAndFilesByTheirNumber) {
  wire::RequestSize size;
  size.images = 1;
  EXPECT_EQ(Estimator().expect("m", size, Reserve::kLearned).input, 1'101);
  size.small_images = 1;
  size.files = 1;
  EXPECT_EQ(Estimator().expect("m", size, Reserve::kLearned).input, 3'186);
}

// limits.md case 16
TEST(Estimator, LearnsHowManyTokensABytesIsWithin20Answers) {
  Estimator estimator;
  for (int i = 0; i < 20; ++i) estimator.learn_input("m", text_of(1'000), 500);
  EXPECT_NEAR(static_cast<double>(estimator.expect("m", text_of(4'000), Reserve::kLearned).input),
              2'000, 20);
  EXPECT_EQ(estimator.expect("other", text_of(1'000), Reserve::kLearned).input, 270);
}

TEST(Estimator, BelievesNoAbsurdAnswer) {
  Estimator estimator;
  for (int i = 0; i < 100; ++i) estimator.learn_input("m", text_of(1'000), 1'000'000'000);
  EXPECT_EQ(estimator.expect("m", text_of(1'000), Reserve::kLearned).input, 1'200);
  for (int i = 0; i < 500; ++i) estimator.learn_input("m", text_of(1'000'000), 1);
  EXPECT_NEAR(static_cast<double>(estimator.expect("m", text_of(1'000), Reserve::kLearned).input),
              100, 1);
}

TEST(Estimator, ReservesNoMoreOutputThanAnswersUsuallyHave) {
  Estimator estimator;
  for (int i = 0; i < 100; ++i) estimator.learn_output("m", 200);
  wire::RequestSize size = text_of(100);
  const std::int64_t unasked = estimator.expect("m", size, Reserve::kLearned).output;
  EXPECT_GE(unasked, 200);
  EXPECT_LE(unasked, 240);
  size.output_tokens = 32'000;
  const std::int64_t learned = estimator.expect("m", size, Reserve::kLearned).output;
  EXPECT_GE(learned, 300);
  EXPECT_LE(learned, 360);
  EXPECT_EQ(estimator.expect("m", size, Reserve::kExact).output, 32'000);
  size.output_tokens = 16;
  EXPECT_EQ(estimator.expect("m", size, Reserve::kLearned).output, 16);
}

TEST(Estimator, IsBounded) {
  Estimator estimator;
  for (std::size_t i = 0; i < 2 * Estimator::kModelsMax; ++i) {
    for (int n = 0; n < 20; ++n) estimator.learn_input(std::to_string(i), text_of(100), 100);
  }
  const auto input_of_last =
      estimator.expect(std::to_string(2 * Estimator::kModelsMax - 1), text_of(100), {}).input;
  EXPECT_EQ(input_of_last, 27);
}

}  // namespace
}  // namespace penstock::limits
