#include <string>
#include <vector>

#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::entry_of;
using testing::full_terms;
using testing::key_named;
using testing::kNoon;
using testing::owner_named;

class SqliteOwners : public testing::StoreTest {};

Owner full_owner() {
  Owner owner = owner_named(OwnerKind::kTeam, "team");
  owner.parent = "organization";
  owner.disabled = true;
  owner.terms = full_terms();
  owner.tags = {"project:search", "cost:7"};
  owner.metadata = R"({"a":1})";
  return owner;
}

Key full_key() {
  Key key = key_named("key", 1);
  key.owner.parent = "team";
  key.owner.terms = full_terms();
  key.role = config::Role::kAdmin;
  key.expires_at = kNoon + std::chrono::hours(1);
  key.previous = PreviousKey{.hash = {2}, .valid_until = kNoon + std::chrono::hours(2)};
  key.rotated_at = kNoon;
  key.last_used_at = kNoon + std::chrono::minutes(1);
  return key;
}

TEST_F(SqliteOwners, AreGivenBackAsTheyWerePut) {
  const Owner organization = owner_named(OwnerKind::kOrganization, "organization");
  const Owner team = full_owner();
  const Key key = full_key();
  ASSERT_TRUE(store().put(organization, std::nullopt, entry_of("organization.create")));
  ASSERT_TRUE(store().put(team, std::nullopt, entry_of("team.create")));
  ASSERT_TRUE(store().put(key, std::nullopt, entry_of("key.create")));
  open();
  const Snapshot snapshot = loaded();
  EXPECT_EQ(snapshot.owners, (std::vector<Owner>{organization, team}));
  EXPECT_EQ(snapshot.keys, std::vector<Key>{key});
}

TEST_F(SqliteOwners, AreReplacedWhole) {
  Owner team = owner_named(OwnerKind::kTeam, "team");
  team.terms = full_terms();
  ASSERT_TRUE(store().put(team, std::nullopt, entry_of("team.create")));
  team.terms = {};
  team.name = "another";
  team.version = 2;
  ASSERT_TRUE(store().put(team, 1, entry_of("team.change")));
  EXPECT_EQ(loaded().owners, std::vector<Owner>{team});
}

TEST_F(SqliteOwners, AreNotReplacedInAVersionThatIsNotTheExpectedOne) {
  Owner team = owner_named(OwnerKind::kTeam, "team");
  ASSERT_TRUE(store().put(team, std::nullopt, entry_of("team.create")));
  team.name = "another";
  team.version = 4;
  const Status replaced = store().put(team, 3, entry_of("team.change"));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(replaced.error().message,
            "the team team has changed meanwhile: it has version 1, not 3");
  EXPECT_EQ(loaded().owners[0].name, "name of team");
  // What has not happened is not in the audit.
  EXPECT_EQ(store().audit(0, 10)->size(), 1U);
}

TEST_F(SqliteOwners, ThatAreNotThereAreNotReplaced) {
  const Status replaced =
      store().put(owner_named(OwnerKind::kTeam, "team"), 1, entry_of("team.change"));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind, ErrorKind::kNotFound);
}

TEST_F(SqliteOwners, HaveNamesOfTheirOwnBesideTheirKind) {
  Owner first = owner_named(OwnerKind::kTeam, "first");
  Owner second = owner_named(OwnerKind::kTeam, "second");
  second.name = first.name;
  ASSERT_TRUE(store().put(first, std::nullopt, entry_of("team.create")));
  const Status added = store().put(second, std::nullopt, entry_of("team.create"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(added.error().message,
            "there is a team with the name or the id of name of first already");
  // A user is another kind.
  Owner user = owner_named(OwnerKind::kUser, "user");
  user.name = first.name;
  EXPECT_TRUE(store().put(user, std::nullopt, entry_of("user.create")));
}

TEST_F(SqliteOwners, HaveParentsOfAKindBeforeTheirs) {
  Owner user = owner_named(OwnerKind::kUser, "user");
  user.parent = "nobody";
  const Status orphan = store().put(user, std::nullopt, entry_of("user.create"));
  ASSERT_FALSE(orphan);
  EXPECT_EQ(orphan.error().kind, ErrorKind::kNotFound);
  user.parent.reset();
  ASSERT_TRUE(store().put(user, std::nullopt, entry_of("user.create")));
  Owner team = owner_named(OwnerKind::kTeam, "team");
  team.parent = "user";
  const Status upside_down = store().put(team, std::nullopt, entry_of("team.create"));
  ASSERT_FALSE(upside_down);
  EXPECT_EQ(upside_down.error().kind, ErrorKind::kInvalidRequest);
}

TEST_F(SqliteOwners, WithTheSecretOfAnotherKeyAreRefused) {
  ASSERT_TRUE(store().put(key_named("first", 1), std::nullopt, entry_of("key.create")));
  const Status added = store().put(key_named("second", 1), std::nullopt, entry_of("key.create"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(loaded().keys.size(), 1U);
}

TEST_F(SqliteOwners, AreRemovedWithTheirTermsAndNotBeforeTheirChildren) {
  Owner team = owner_named(OwnerKind::kTeam, "team");
  team.terms = full_terms();
  Key key = key_named("key", 1);
  key.owner.parent = "team";
  ASSERT_TRUE(store().put(team, std::nullopt, entry_of("team.create")));
  ASSERT_TRUE(store().put(key, std::nullopt, entry_of("key.create")));
  const Status early = store().remove("team", entry_of("team.remove"));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(early.error().message,
            "the owner team has the key name of key: remove or move that first");
  EXPECT_TRUE(store().remove("key", entry_of("key.remove")));
  EXPECT_TRUE(store().remove("team", entry_of("team.remove")));
  const Status again = store().remove("team", entry_of("team.remove"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kNotFound);
  // As new, the same owner has none of the old terms.
  ASSERT_TRUE(
      store().put(owner_named(OwnerKind::kTeam, "team"), std::nullopt, entry_of("team.create")));
  EXPECT_EQ(loaded().owners[0].terms, config::Terms{});
  EXPECT_TRUE(loaded().keys.empty());
}

TEST_F(SqliteOwners, TellWhenTheyWereLastUsedWithoutANewVersion) {
  ASSERT_TRUE(store().put(key_named("key", 1), std::nullopt, entry_of("key.create")));
  const std::vector<std::pair<Id, WallTime>> used = {{"key", kNoon}, {"nobody", kNoon}};
  ASSERT_TRUE(store().touch(used));
  EXPECT_EQ(loaded().keys[0].last_used_at, kNoon);
  EXPECT_EQ(loaded().keys[0].owner.version, 1U);
  // Whoever changes a key may not know that it was used meanwhile.
  Key changed = key_named("key", 1);
  changed.owner.version = 2;
  ASSERT_TRUE(store().put(changed, 1, entry_of("key.change")));
  EXPECT_EQ(loaded().keys[0].last_used_at, kNoon);
}

// Case 45 of the design.
TEST_F(SqliteOwners, MayHaveNamesThatLookLikeSql) {
  const std::vector<std::string> names = {
      "' OR '1'='1", "'; DROP TABLE owner; --",  std::string("a\0b", 3), "\"", "?1",
      "%_",          std::string(1'000'000, 'x')};
  for (std::size_t i = 0; i < names.size(); ++i) {
    Owner team = owner_named(OwnerKind::kTeam, "team" + std::to_string(i));
    team.name = names[i];
    team.tags = {names[i]};
    ASSERT_TRUE(store().put(team, std::nullopt, entry_of(names[i])));
  }
  const Snapshot snapshot = loaded();
  ASSERT_EQ(snapshot.owners.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(snapshot.owners[i].name, names[i]);
    EXPECT_EQ(snapshot.owners[i].tags[0], names[i]);
  }
  for (const std::string& name : names) {
    EXPECT_FALSE(store().remove(name, entry_of("team.remove")));
  }
  EXPECT_EQ(loaded().owners.size(), names.size());
}

TEST_F(SqliteOwners, HaveEachChangeInTheAudit) {
  for (int i = 0; i < 3; ++i) {
    AuditEntry entry = entry_of("team.create");
    entry.target = "team" + std::to_string(i);
    ASSERT_TRUE(store().put(owner_named(OwnerKind::kTeam, entry.target), std::nullopt, entry));
  }
  const Result<std::vector<AuditEntry>> entries = store().audit(1, 5);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  AuditEntry expected = entry_of("team.create");
  expected.target = "team1";
  EXPECT_EQ((*entries)[0], expected);
  EXPECT_EQ((*entries)[1].target, "team0");
}

// A list of what is denied must not become empty.
TEST_F(SqliteOwners, ThatAreDamagedAreNotUsed) {
  ASSERT_TRUE(
      store().put(owner_named(OwnerKind::kTeam, "team"), std::nullopt, entry_of("team.create")));
  Result<SqliteDatabase> database = SqliteDatabase::open(SqliteStore::main_file(folder()), {});
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("UPDATE owner SET denied_models = '[\"gpt'"));
  const Result<Snapshot> snapshot = store().load();
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().kind, ErrorKind::kStoreUnavailable);
  EXPECT_TRUE(snapshot.error().message.find("the owner team is damaged") != std::string::npos);
}

}  // namespace
}  // namespace penstock::store
