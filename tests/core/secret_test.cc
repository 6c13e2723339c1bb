#include "core/secret.h"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace penstock {
namespace {

template <class T>
concept Printable = requires(std::ostream& stream, const T& value) { stream << value; };

TEST(Secret, CannotBePrintedOrConverted) {
  static_assert(!Printable<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<std::string, Secret>);
  EXPECT_EQ(Secret("sk-1").reveal(), "sk-1");
}

TEST(Secret, EqualsItsOwnTextOnly) {
  const Secret secret(std::string("a\0b", 3));
  EXPECT_TRUE(secret.equals(std::string_view("a\0b", 3)));
  EXPECT_FALSE(secret.equals(std::string_view("a\0c", 3)));
  EXPECT_FALSE(secret.equals(std::string_view("x\0b", 3)));
  EXPECT_FALSE(secret.equals("a"));
  EXPECT_FALSE(secret.equals(""));
  EXPECT_TRUE(Secret().equals(""));
  EXPECT_TRUE(Secret().empty());
}

}  // namespace
}  // namespace penstock
