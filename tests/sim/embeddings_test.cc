#include "sim/embeddings.h"

#include <cstring>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::sim {
namespace {

std::string base64_of(std::string_view text) {
  std::string out;
  append_base64_of(out, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return out;
}

std::vector<float> numbers_of(const Embeddings& embeddings, std::uint64_t hash,
                              std::size_t dimensions) {
  std::string text;
  embeddings.append_numbers(text, hash, dimensions);
  return nlohmann::json::parse(text).get<std::vector<float>>();
}

TEST(Base64, HasTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_of("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
}

TEST(Embeddings, AreTheSameNumbersInBothSpellings) {
  const Embeddings embeddings(1);
  for (const std::size_t dimensions : {1U, 2U, 3U, 4U, 5U, 384U, 8192U}) {
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{8191}, ~std::uint64_t{0}}) {
      const std::vector<float> numbers = numbers_of(embeddings, hash, dimensions);
      ASSERT_EQ(numbers.size(), dimensions);
      // Every machine that the project runs on is little-endian.
      std::string bytes(dimensions * sizeof(float), '\0');
      std::memcpy(bytes.data(), numbers.data(), bytes.size());
      std::string base64;
      embeddings.append_base64(base64, hash, dimensions);
      EXPECT_EQ(base64, base64_of(bytes)) << dimensions << " of " << hash;
    }
  }
}

TEST(Embeddings, DifferFromInputToInput) {
  const Embeddings embeddings(1);
  EXPECT_NE(numbers_of(embeddings, 1, 8), numbers_of(embeddings, 2, 8));
  EXPECT_EQ(numbers_of(embeddings, 1, 8), numbers_of(embeddings, 1, 8));
}

}  // namespace
}  // namespace penstock::sim
