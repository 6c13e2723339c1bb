// The five time limits of an attempt, each from the narrowest place that sets it.

#include "config/timeouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loading.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timeouts kServer{.connect = milliseconds(1),
                           .first_byte = milliseconds(2),
                           .first_token = milliseconds(3),
                           .between_bytes = milliseconds(4),
                           .request = milliseconds(5)};

RouteTimeouts all_at(int count) {
  const milliseconds limit(count);
  return {limit, limit, limit, limit, limit};
}

AttemptTimeouts all_effective(int count) {
  const milliseconds limit(count);
  return {limit, limit, limit, limit, limit};
}

TEST(EffectiveTimeouts, AreTheServersWhereNothingElseIsSaid) {
  EXPECT_EQ(effective_timeouts(kServer, {}),
            (AttemptTimeouts{milliseconds(1), milliseconds(2), milliseconds(3), milliseconds(4),
                             milliseconds(5)}));
}

TEST(EffectiveTimeouts, AreThoseOfTheNarrowestPlace) {
  EXPECT_EQ(effective_timeouts(kServer, all_at(10)), all_effective(10));
  EXPECT_EQ(effective_timeouts(kServer, all_at(10), all_at(20)), all_effective(20));
  EXPECT_EQ(effective_timeouts(kServer, all_at(10), all_at(20), all_at(30)), all_effective(30));
}

TEST(EffectiveTimeouts, AreChosenOneByOne) {
  EXPECT_EQ(effective_timeouts(kServer, {.connect = milliseconds(10)},
                               {.first_byte = milliseconds(20)}, {.request = milliseconds(30)}),
            (AttemptTimeouts{milliseconds(10), milliseconds(20), milliseconds(3), milliseconds(4),
                             milliseconds(30)}));
}

// Zero is a value: a target may have no limit where the server has one.
TEST(EffectiveTimeouts, CanBeTakenBack) {
  EXPECT_EQ(effective_timeouts(kServer, {}, {}, {.first_token = milliseconds(0)}).first_token,
            milliseconds(0));
}

Loaded with_timeout(std::string_view timeout) {
  return load(
      "providers: {inference: [{provider_id: p, provider_type: \"remote::passthrough\", "
      "config: {network: {timeout: " +
      std::string(timeout) + "}}}]}\n");
}

RouteTimeouts timeouts_of(std::string_view timeout) {
  const Loaded loaded = with_timeout(timeout);
  EXPECT_THAT(texts_of(loaded), IsEmpty());
  return loaded.settings ? loaded.settings->providers.at(0).timeouts : RouteTimeouts();
}

TEST(ProviderTimeouts, TakeTheReferencesKeysAsTheLongestSilence) {
  EXPECT_EQ(timeouts_of("{connect: 2, read: 3}"),
            (RouteTimeouts{.connect = milliseconds(2'000),
                           .first_byte = milliseconds(3'000),
                           .between_bytes = milliseconds(3'000)}));
  EXPECT_EQ(timeouts_of("4"), (RouteTimeouts{.connect = milliseconds(4'000),
                                             .first_byte = milliseconds(4'000),
                                             .between_bytes = milliseconds(4'000)}));
}

TEST(ProviderTimeouts, HaveAllFive) {
  EXPECT_EQ(timeouts_of("{connect: 1, first_byte: 2, first_token: 3, between_bytes: 4, "
                        "request: 5}"),
            (RouteTimeouts{milliseconds(1'000), milliseconds(2'000), milliseconds(3'000),
                           milliseconds(4'000), milliseconds(5'000)}));
}

TEST(ProviderTimeouts, PreferTheKeyThatSaysMoreToRead) {
  EXPECT_EQ(
      timeouts_of("{read: 3, first_byte: 9}"),
      (RouteTimeouts{.first_byte = milliseconds(9'000), .between_bytes = milliseconds(3'000)}));
}

TEST(ServerTimeouts, HaveNoLimitForTheFirstTokenUnlessOneIsSet) {
  EXPECT_EQ(settings_of(kOneProvider).server.timeouts.first_token, milliseconds(0));
  EXPECT_EQ(settings_of(std::string(kOneProvider) + "server: {timeouts: {first_token: 8}}\n")
                .server.timeouts.first_token,
            milliseconds(8'000));
}

TEST(ServerTimeouts, AreWarnedOfIfTheRequestEndsBefore) {
  const Loaded loaded =
      load(std::string(kOneProvider) + "server: {timeouts: {first_token: 8, request: 7}}\n");
  EXPECT_THAT(texts_of(loaded),
              ElementsAre("run.yaml:5:34: warning: server.timeouts.first_token: longer than the "
                          "`request` timeout, 7 s, which ends the request before"));
}

}  // namespace
}  // namespace penstock::config
