#include "store/sqlite_schema.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace penstock::store {
namespace {

// Times are milliseconds since 1970 in UTC, money is millionths of a US dollar. Lists are JSON
// arrays of texts. What the texts of an enumeration are, says store/record_text.cc.

constexpr char kMainVersion1[] = R"sql(
CREATE TABLE owner(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK(kind IN ('organization', 'team', 'user', 'key')),
  parent TEXT REFERENCES owner(id),
  name TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  concurrency INTEGER NOT NULL,
  models TEXT NOT NULL,
  denied_models TEXT NOT NULL,
  routes TEXT NOT NULL,
  providers TEXT NOT NULL,
  addresses TEXT NOT NULL,
  budget_fallbacks TEXT NOT NULL,
  tags TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX owner_name ON owner(kind, ifnull(parent, ''), name);
CREATE INDEX owner_parent ON owner(parent);

CREATE TABLE api_key(
  owner TEXT PRIMARY KEY REFERENCES owner(id) ON DELETE CASCADE,
  hash BLOB NOT NULL UNIQUE,
  prefix TEXT NOT NULL,
  last4 TEXT NOT NULL,
  role TEXT NOT NULL,
  expires_at INTEGER,
  previous_hash BLOB UNIQUE,
  previous_valid_until INTEGER,
  rotated_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_rule(
  owner TEXT NOT NULL REFERENCES owner(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  quantity TEXT NOT NULL,
  amount INTEGER NOT NULL,
  period_ms INTEGER NOT NULL,
  burst INTEGER NOT NULL,
  models TEXT NOT NULL,
  PRIMARY KEY(owner, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget(
  owner TEXT NOT NULL REFERENCES owner(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  quantity TEXT NOT NULL,
  amount INTEGER NOT NULL,
  unit TEXT NOT NULL,
  units INTEGER NOT NULL,
  alignment TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  models TEXT NOT NULL,
  soft_percents TEXT NOT NULL,
  on_exceeded TEXT NOT NULL,
  route_to TEXT NOT NULL,
  added INTEGER NOT NULL,
  added_until INTEGER NOT NULL,
  PRIMARY KEY(owner, position),
  UNIQUE(owner, name)
) STRICT, WITHOUT ROWID;

-- Owners of the configuration have budgets as well, and are not in this file.
CREATE TABLE spent(
  owner TEXT NOT NULL,
  budget TEXT NOT NULL,
  window_began INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  PRIMARY KEY(owner, budget)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  through INTEGER NOT NULL,
  as_of INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint VALUES(1, 0, 0);

CREATE TABLE audit(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL
) STRICT;

CREATE TABLE object(
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  metadata TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY(kind, id)
) STRICT;
CREATE INDEX object_age ON object(kind, created_at, id);
CREATE INDEX object_expiry ON object(expires_at) WHERE expires_at IS NOT NULL;
-- The days whose rows are gone, and whose sums are in usage_hour.
CREATE TABLE usage_day(day TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
)sql";

constexpr char kUsageVersion1[] = R"sql(
CREATE TABLE usage(
  sequence INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL,
  began INTEGER NOT NULL,
  key TEXT NOT NULL,
  key_name TEXT NOT NULL,
  team TEXT NOT NULL,
  owners TEXT NOT NULL,
  route TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL,
  status INTEGER NOT NULL,
  error TEXT NOT NULL,
  input INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  cost INTEGER,
  price_version TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  first_token_ms INTEGER,
  attempts INTEGER NOT NULL,
  tags TEXT NOT NULL,
  reserved_at INTEGER NOT NULL
) STRICT;

CREATE TABLE charge(
  sequence INTEGER NOT NULL,
  position INTEGER NOT NULL,
  owner TEXT NOT NULL,
  budget TEXT NOT NULL,
  window_began INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  PRIMARY KEY(sequence, position)
) STRICT, WITHOUT ROWID;
)sql";

// Of both files: a day's sums move to the main one as they are.
constexpr char kUsageHourVersion1[] = R"sql(
CREATE TABLE usage_hour(
  hour INTEGER NOT NULL,
  key TEXT NOT NULL,
  key_name TEXT NOT NULL,
  team TEXT NOT NULL,
  owners TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  output INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  PRIMARY KEY(hour, key, key_name, team, owners, model, provider)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMainTo1[] = {kMainVersion1, kUsageHourVersion1};
constexpr const char* kUsageTo1[] = {kUsageVersion1, kUsageHourVersion1};
constexpr SqliteSchema::Migration kMainMigrations[] = {kMainTo1};
constexpr SqliteSchema::Migration kUsageMigrations[] = {kUsageTo1};

Status copy_before(SqliteDatabase& database, std::int64_t version) {
  std::filesystem::path copy = database.file();
  copy += ".version-" + std::to_string(version);
  // Left by a migration that failed: what it copied may have changed since.
  std::error_code ignored;
  std::filesystem::remove(copy, ignored);
  return database.back_up(copy);
}

Status migrate_from(SqliteDatabase& database, std::int64_t version,
                    SqliteSchema::Migration migration) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  if (!transaction) return failure(std::move(transaction.error()));
  Status done;
  for (const char* const statements : migration) {
    done = database.execute(statements);
    if (!done) return done;
  }
  // Pragmas take no parameters.
  done = database.execute("PRAGMA user_version = " + std::to_string(version + 1));
  if (!done) return done;
  return transaction->commit();
}

}  // namespace

const SqliteSchema& main_schema() {
  static constexpr SqliteSchema kSchema{kMainMigrations, SqliteSchema::Copy::kYes};
  return kSchema;
}

const SqliteSchema& usage_schema() {
  static constexpr SqliteSchema kSchema{kUsageMigrations, SqliteSchema::Copy::kNo};
  return kSchema;
}

Result<std::int64_t> version_of(SqliteDatabase& database) {
  SqliteQuery query = database.query("PRAGMA user_version");
  const Result<bool> found = query.next();
  if (!found) return failure(found.error());
  return query.integer();
}

Status migrate(SqliteDatabase& database, const SqliteSchema& schema) {
  const Result<std::int64_t> version = version_of(database);
  if (!version) return failure(version.error());
  if (*version > schema.latest()) {
    return failure(Error::gateway(
        ErrorKind::kStoreUnavailable,
        "the store's file " + database.file().string() + " has schema " + std::to_string(*version) +
            ", and this Penstock knows schemas up to " + std::to_string(schema.latest()) +
            ": run the newer Penstock that wrote it, or go back to a copy of before"));
  }
  if (*version == schema.latest()) return {};
  if (*version > 0 && schema.copy == SqliteSchema::Copy::kYes) {
    Status copied = copy_before(database, *version);
    if (!copied) return copied;
  }
  for (std::int64_t at = *version; at < schema.latest(); ++at) {
    Status done = migrate_from(database, at, schema.migrations[static_cast<std::size_t>(at)]);
    if (!done) return done;
  }
  return {};
}

}  // namespace penstock::store
