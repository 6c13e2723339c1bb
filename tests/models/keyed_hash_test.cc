#include "models/keyed_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace penstock::models {
namespace {

// faults-measured 6
TEST(KeyedHash, CannotBeForeseen) {
  std::set<std::size_t> seen;
  for (int i = 0; i < 10; ++i) seen.insert(KeyedHash()("p/m"));
  EXPECT_EQ(seen.size(), 10u);
  const KeyedHash hash;
  EXPECT_EQ(hash("p/m"), hash(std::string("p/m")));
  EXPECT_NE(hash("p/m"), hash("p/n"));
}

}  // namespace
}  // namespace penstock::models
