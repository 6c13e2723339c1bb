#include "gateway/provider_choice.h"

#include <initializer_list>
#include <string>

#include <gtest/gtest.h>

namespace penstock::gateway {
namespace {

Providers providers(std::initializer_list<const char*> ids) {
  Providers made;
  for (const char* id : ids) made.emplace_back().id = id;
  return made;
}

TEST(ProviderPath, TellsTheProviderAndTheRest) {
  const Providers all = providers({"a", "b/c", "b", "d e"});
  struct Row {
    std::string_view path;
    std::optional<std::size_t> provider;
    std::string_view rest;
  };
  for (const Row& row : {Row{"/v1/models", std::nullopt, "/v1/models"},
                         {"/p", std::nullopt, "/p"},
                         {"/px/a/v1", std::nullopt, "/px/a/v1"},
                         {"/p/a/v1/models", 0, "/v1/models"},
                         {"/p/a/", 0, "/"},
                         {"/p/b/x", 2, "/x"},
                         {"/p/b/c/x", 1, "/x"},
                         {"/p/b/c", 2, "/c"},
                         {"/p/d%20e/x", 3, "/x"}}) {
    const Result<ProviderPath> split = split_provider_path(row.path, all);
    ASSERT_TRUE(split) << row.path;
    EXPECT_EQ(split->provider, row.provider) << row.path;
    EXPECT_EQ(split->rest, row.rest) << row.path;
  }
}

TEST(ProviderPath, IsNotFoundWithoutAKnownProvider) {
  for (const char* path : {"/p/", "/p/z/v1/models", "/p/a", "/p/A/x", "/p/%zz/x", "/p//x"}) {
    const Result<ProviderPath> split = split_provider_path(path, providers({"a"}));
    ASSERT_FALSE(split) << path;
    EXPECT_EQ(split.error().kind, ErrorKind::kNotFound);
    EXPECT_NE(split.error().message.find("'a'"), std::string::npos);
  }
}

TEST(NamedProvider, IsTheOneOfTheFieldOrThePath) {
  const Providers all = providers({"a", "b"});
  EXPECT_EQ(*named_provider(std::nullopt, std::nullopt, all), std::nullopt);
  EXPECT_EQ(*named_provider(1, std::nullopt, all), 1u);
  EXPECT_EQ(*named_provider(std::nullopt, "b", all), 1u);
  EXPECT_EQ(*named_provider(1, "b", all), 1u);
}

TEST(NamedProvider, MustExistAndBeOne) {
  const Providers all = providers({"a", "b"});
  EXPECT_EQ(named_provider(std::nullopt, "z", all).error().message,
            "x-penstock-provider: there is no provider 'z'. Use 'a' or 'b'.");
  EXPECT_EQ(named_provider(std::nullopt, "", all).error().kind, ErrorKind::kInvalidRequest);
  EXPECT_EQ(named_provider(0, "b", all).error().kind, ErrorKind::kInvalidRequest);
  EXPECT_LT(named_provider(std::nullopt, std::string(9'000, 'x'), all).error().message.size(),
            300u);
}

TEST(OnlyProvider, IsNotGuessedAmongSeveral) {
  EXPECT_EQ(*only_provider(providers({"a"})), 0u);
  const auto several = only_provider(providers({"a", "b", "c"}));
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().kind, ErrorKind::kInvalidRequest);
  EXPECT_NE(several.error().message.find("'a', 'b' or 'c'."), std::string::npos);
}

TEST(OnlyProvider, ListsSoManyChoices) {
  Providers many;
  for (int i = 0; i < 500; ++i) many.emplace_back().id = "provider" + std::to_string(i);
  EXPECT_LT(only_provider(many).error().message.size(), 1'000u);
}

}  // namespace
}  // namespace penstock::gateway
