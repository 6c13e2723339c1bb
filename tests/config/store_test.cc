// Where what outlives the process is kept, and how limits are counted.

#include "config/store_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/confidential.h"
#include "config/describe.h"
#include "config/loading.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Loaded load_with_provider(std::string_view text, Variables variables = {}) {
  return load(std::string(kOneProvider).append(text), std::move(variables));
}

Settings taken_from(std::string_view text, Variables variables = {}) {
  Loaded loaded = load_with_provider(text, std::move(variables));
  EXPECT_TRUE(loaded.settings) << testing::PrintToString(texts_of(loaded));
  return loaded.settings.value_or(Settings{});
}

TEST(Store, IsThereIfTheFileAsksForIt) {
  EXPECT_FALSE(taken_from("").store);
  const Settings settings = taken_from("store: {}");
  ASSERT_TRUE(settings.store);
  EXPECT_EQ(settings.store->type, StoreType::kSqlite);
  EXPECT_EQ(settings.store->path, "/var/lib/penstock");
  EXPECT_EQ(taken_from("store: {path: ~/keys}", {{"HOME", "/home/a"}}).store->path, "/home/a/keys");
}

TEST(Store, MayBeADatabaseThatMachinesShare) {
  const Settings settings = taken_from(
      "store: {type: postgres, url: \"${env.DATABASE_URL}\", redis: \"redis://:hunter2@r:6379/0\"}",
      {{"DATABASE_URL", "postgres://ogx:hunter1@db:5432/penstock"}});
  ASSERT_TRUE(settings.store);
  EXPECT_EQ(settings.store->type, StoreType::kPostgres);
  EXPECT_EQ(settings.store->url.reveal(), "postgres://ogx:hunter1@db:5432/penstock");
  EXPECT_EQ(settings.store->redis.reveal(), "redis://:hunter2@r:6379/0");
}

TEST(Store, KeepsItsPasswordsToItself) {
  const Settings settings = taken_from(
      "store: {type: postgres, url: \"postgres://ogx:hunter%401x@db/p?sslmode=require\", "
      "redis: \"rediss://default:hunter22@r\"}");
  const std::string description = describe(settings);
  EXPECT_THAT(description, HasSubstr("postgres://********@db/p?sslmode=require"));
  EXPECT_THAT(description, HasSubstr("rediss://********@r"));
  EXPECT_THAT(description, Not(HasSubstr("hunter")));
  std::string text = "hunter%401x hunter@1x hunter22";
  confidential_of(settings).mask(text);
  EXPECT_THAT(text, Not(HasSubstr("hunter")));
}

TEST(Store, TellsWhatIsWrong) {
  const auto error_of = [](std::string_view section) {
    for (const Problem& problem : load_with_provider(section).problems) {
      if (problem.severity == Problem::Severity::kError) return problem.message;
    }
    return std::string();
  };
  EXPECT_EQ(error_of("store: {type: postgres}"), "store: a store of type postgres needs its `url`");
  EXPECT_EQ(error_of("store: {url: \"postgres://db\"}"),
            "store.url: only a store of type postgres has a URL; set `type`, or remove it");
  EXPECT_EQ(error_of("store: {type: postgres, url: \"mysql://db\"}"),
            "store.url: expected a URL, such as postgres://USER:PASSWORD@HOST");
  EXPECT_EQ(error_of("store: {type: postgres, url: \"postgres://db?password=x\"}"),
            "store.url: write the password before the host, as in postgres://USER:PASSWORD@HOST");
  EXPECT_EQ(error_of("store: {type: postgres, url: \"postgres://u:a b@db\"}"),
            "store.url: a URL has visible ASCII only; percent-encode the rest, as in "
            "postgres://USER:PASSWORD@HOST");
  EXPECT_EQ(error_of("store: {redis: \"http://r\"}"),
            "store.redis: expected a URL, such as redis://USER:PASSWORD@HOST");
}

TEST(Storage, SaysWhereTheStoreIs) {
  const Settings settings = taken_from(R"(
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: "${env.DIR:=/data}/kvstore.db"}
    sql_default: {type: sql_sqlite, db_path: /other/sql.db}
  stores: {metadata: {namespace: registry, backend: kv_default}}
)");
  ASSERT_TRUE(settings.store);
  EXPECT_EQ(settings.store->type, StoreType::kSqlite);
  EXPECT_EQ(settings.store->path, "/data");
}

TEST(Storage, PrefersADatabaseThatMachinesShare) {
  const auto url_of = [](std::string_view backend) {
    const Settings settings =
        taken_from("storage: {backends: {kv: {type: kv_sqlite, db_path: /data/kv.db}, sql: " +
                   std::string(backend) + "}}");
    return settings.store ? std::string(settings.store->url.reveal()) : std::string();
  };
  EXPECT_EQ(
      url_of("{type: sql_postgres, host: db, port: 5433, db: ogx, user: u, password: \"p@\"}"),
      "postgres://u:p%40@db:5433/ogx");
  EXPECT_EQ(url_of("{type: sql_postgres, host: \"::1\", db: ogx, user: u, password: p}"),
            "postgres://u:p@[::1]:5432/ogx");
  EXPECT_EQ(url_of("{type: kv_postgres, connection_string: \"postgresql://u:p@db/ogx\"}"),
            "postgresql://u:p@db/ogx");
}

TEST(Storage, GivesWayToTheStore) {
  const Settings settings = taken_from(
      "storage: {backends: {kv: {type: kv_sqlite, db_path: /data/kv.db}}}\nstore: {path: /own}\n");
  EXPECT_EQ(settings.store->path, "/own");
  EXPECT_EQ(taken_from("storage: {backends: {kv: {type: kv_sqlite, db_path: /data/kv.db}}}\n"
                       "store: {type: off}\n")
                .store->type,
            StoreType::kOff);
}

TEST(Storage, IsIgnoredIfItSaysNothingThatExistsHere) {
  const Loaded loaded =
      load_with_provider("storage: {backends: {kv: {type: kv_mongodb, host: db}}}");
  ASSERT_TRUE(loaded.settings);
  EXPECT_FALSE(loaded.settings->store);
  EXPECT_THAT(texts_of(loaded),
              testing::Contains(HasSubstr("storage: ignored: none of its backends is of SQLite or "
                                          "PostgreSQL; see `store`")));
}

TEST(LimitRules, HaveDefaultsOfRates) {
  const LimitRules rules = taken_from(R"(
limits:
  defaults: {requests_per_minute: 60, concurrency: 4}
  reserve: exact
  on_store_down: closed
  usage: {inject: always, retention: 90d, log: false}
)")
                               .limit_rules;
  EXPECT_EQ(per_minute(rules.defaults, Quantity::kRequests), 60);
  EXPECT_EQ(rules.defaults.concurrency, 4U);
  EXPECT_EQ(rules.reserve, Reserve::kExact);
  EXPECT_EQ(rules.on_store_down, OnStoreDown::kClosed);
  EXPECT_EQ(rules.usage.inject, UsageRules::Inject::kAlways);
  EXPECT_EQ(rules.usage.retention, std::chrono::days(90));
  EXPECT_FALSE(rules.usage.log);
  EXPECT_FALSE(load_with_provider("limits: {defaults: {budget: {max_usd: 1}}}").settings);
  EXPECT_FALSE(load_with_provider("limits: {usage: {retention: 30}}").settings);
}

TEST(ServerQuota, IsThatOfTheReference) {
  const Settings settings = taken_from(
      "server: {quota: {kvstore: {type: sqlite}, anonymous_max_requests: 5, period: day}}");
  ASSERT_TRUE(settings.server.quota);
  EXPECT_EQ(settings.server.quota->anonymous_max_requests, 5);
  EXPECT_EQ(settings.server.quota->authenticated_max_requests, 1000);
  EXPECT_FALSE(taken_from("").server.quota);
  EXPECT_FALSE(load_with_provider("server: {quota: {period: week}}").settings);
}

}  // namespace
}  // namespace penstock::config
