#include "http/scratch.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "http/write_all.h"

namespace penstock::http {
namespace {

TEST(ScratchPool, LendsTheSameMemoryAgain) {
  ScratchPool pool;
  ScratchPool::Block block = pool.block();
  char* const memory = block.data();
  EXPECT_EQ(block.size(), ScratchPool::kBlockBytes);
  block.give_back();
  EXPECT_FALSE(block);
  EXPECT_EQ(pool.block().data(), memory);
}

TEST(ScratchPool, GivesABlockBackOnceHoweverItMoves) {
  ScratchPool pool;
  ScratchPool::Block first = pool.block();
  ScratchPool::Block second(std::move(first));
  first = pool.block();
  EXPECT_NE(first.data(), second.data());
  first = std::move(second);
  first.give_back();
  first.give_back();
  ScratchPool::Block one = pool.block();
  ScratchPool::Block other = pool.block();
  EXPECT_NE(one.data(), other.data());
}

TEST(ScratchPool, DoesNotKeepLargeBlocks) {
  ScratchPool pool;
  {
    ScratchPool::Block large = pool.large_block(100'000);
    EXPECT_EQ(large.size(), 100'000u);
    std::memset(large.data(), 0, large.size());
  }
  EXPECT_EQ(pool.block().size(), ScratchPool::kBlockBytes);
}

TEST(ScratchPool, LendsTextsEmptyAndWithTheMemoryOfEarlierOnes) {
  ScratchPool pool;
  {
    ScratchPool::Text(pool)->assign(10'000, 'x');
  }
  {
    ScratchPool::Text text(pool);
    EXPECT_TRUE(text->empty());
    EXPECT_GE(text->capacity(), 10'000u);
    text->assign(1'000'000, 'x');
  }
  ScratchPool::Text text(pool);
  EXPECT_LT(text->capacity(), 1'000'000u);
}

TEST(Pieces, AreTakenOffTheFrontAcrossTheirBorders) {
  Pieces pieces;
  pieces.add("abc");
  pieces.add("");
  pieces.add("defg");
  EXPECT_EQ(pieces.rest().size(), 2u);
  pieces.consume(4);
  EXPECT_EQ(pieces.bytes(), 3u);
  ASSERT_EQ(pieces.rest().size(), 1u);
  EXPECT_EQ(std::string_view(static_cast<const char*>(pieces.rest()[0].iov_base), 3), "efg");
  pieces.consume(3);
  EXPECT_TRUE(pieces.empty());
}

}  // namespace
}  // namespace penstock::http
