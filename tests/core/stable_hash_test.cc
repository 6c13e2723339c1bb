#include "core/stable_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

// The expected values are those of the reference implementation, xxHash 0.8.

TEST(StableHash, IsTheSameOnEveryMachineAndInEveryRelease) {
  EXPECT_EQ(stable_hash(""), 0xef46db3751d8e999);
  EXPECT_EQ(stable_hash("a"), 0xd24ec4f1a98c6e5b);
  EXPECT_EQ(stable_hash("abc"), 0x44bc2cf5ad770999);
  EXPECT_EQ(stable_hash("conversation"), 0x6f82c9922bd0e66a);
  EXPECT_EQ(stable_hash("the first turn of a conversation"), 0x61d5d6cf0abe9c63);
  EXPECT_EQ(stable_hash("the first turn of a conversation, and"), 0x6ee24f05ba3659b5);
  EXPECT_EQ(stable_hash("", 1), 0xd5afba1336a3be4b);
  EXPECT_EQ(stable_hash("the first turn of a conversation, and", 1), 0xddfd3553a95a0573);
}

// Every length up to 199, each hash being the seed of the next.
TEST(StableHash, IsThatOfTheReferenceForTextsOfEveryLength) {
  std::string bytes(200, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 + 7);
  std::uint64_t hash = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    hash = stable_hash(std::string_view(bytes).substr(0, size), hash);
  }
  EXPECT_EQ(hash, 0x9e6579799394539);
}

// The product of (a ^ 0x9E3779B185EBCA87) and (b ^ 0xC2B2AE3D27D4EB4F), folded.
TEST(StableMix, IsTheSameEverywhereAndKeepsTheOrder) {
  EXPECT_EQ(stable_mix(0, 0), 0xa6a7237baa01ec01);
  EXPECT_EQ(stable_mix(1, 2), 0xa785c11a7eb46ce8);
  EXPECT_EQ(stable_mix(2, 1), 0xc302fcaf9c9b4b20);
}

TEST(StableDigest, ConsistsOfTwoHashes) {
  EXPECT_EQ(stable_digest("abc"), (StableDigest{0x44bc2cf5ad770999, 0xbea9ca8199328908}));
  EXPECT_NE(stable_digest("abc"), stable_digest("abd"));
}

}  // namespace
}  // namespace penstock
