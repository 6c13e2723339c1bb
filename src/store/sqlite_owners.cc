#include "store/sqlite_owners.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "store/record_text.h"

namespace penstock::store {
namespace {

Error damaged_record(const SqliteDatabase& database, std::string_view what, const Id& id) {
  return Error::gateway(ErrorKind::kStoreUnavailable,
                        "the store's file " + database.file().string() + ": the " +
                            std::string(what) + " " + id +
                            " is damaged: restore the file from a copy, or remove the record");
}

// --- Reading -------------------------------------------------------------------------------------

constexpr std::string_view kSelectOwners =
    "SELECT id, kind, parent, name, disabled, concurrency, models, denied_models, routes, "
    "providers, addresses, budget_fallbacks, tags, metadata, created_by, created_at, version "
    "FROM owner ORDER BY CASE kind WHEN 'organization' THEN 0 WHEN 'team' THEN 1 "
    "WHEN 'user' THEN 2 ELSE 3 END, id";

Owner read_owner(SqliteQuery& query, bool& damaged) {
  Owner owner;
  owner.id = query.text();
  read_text(query.text(), owner.kind, damaged);
  owner.parent = query.optional_text();
  owner.name = query.text();
  owner.disabled = query.boolean();
  config::Terms& terms = owner.terms;
  terms.concurrency = static_cast<std::uint32_t>(query.integer());
  terms.models = read_list(query.text(), damaged);
  terms.denied_models = read_list(query.text(), damaged);
  terms.routes = read_list(query.text(), damaged);
  terms.providers = read_list(query.text(), damaged);
  terms.addresses = read_addresses(query.text(), damaged);
  terms.budget_fallbacks = read_lists(query.text(), damaged);
  owner.tags = read_list(query.text(), damaged);
  owner.metadata = query.text();
  owner.created_by = query.text();
  owner.created_at = query.time();
  owner.version = static_cast<std::uint64_t>(query.integer());
  return owner;
}

using OwnersById = std::map<Id, Owner*, std::less<>>;

Status read_rates(SqliteDatabase& database, const OwnersById& owners) {
  SqliteQuery query = database.query(
      "SELECT owner, quantity, amount, period_ms, burst, models FROM limit_rule "
      "ORDER BY owner, position");
  return query.each_row([&]() -> Status {
    bool damaged = false;
    const Id id = query.text();
    config::RateRule rule;
    read_text(query.text(), rule.quantity, damaged);
    rule.amount = query.integer();
    rule.period = std::chrono::milliseconds(query.integer());
    rule.burst = query.integer();
    rule.models = query.text();
    if (damaged) return failure(damaged_record(database, "limit of the owner", id));
    owners.at(id)->terms.rates.push_back(std::move(rule));
    return {};
  });
}

Status read_budgets(SqliteDatabase& database, const OwnersById& owners) {
  SqliteQuery query = database.query(
      "SELECT owner, name, quantity, amount, unit, units, alignment, time_zone, models, "
      "soft_percents, on_exceeded, route_to, added, added_until FROM budget "
      "ORDER BY owner, position");
  return query.each_row([&]() -> Status {
    bool damaged = false;
    const Id id = query.text();
    config::BudgetRule rule;
    rule.name = query.text();
    read_text(query.text(), rule.quantity, damaged);
    rule.amount = query.integer();
    read_text(query.text(), rule.unit, damaged);
    rule.units = static_cast<std::uint32_t>(query.integer());
    read_text(query.text(), rule.alignment, damaged);
    rule.time_zone = query.text();
    rule.models = query.text();
    rule.soft_percents = read_percents(query.text(), damaged);
    read_text(query.text(), rule.on_exceeded, damaged);
    rule.route_to = query.text();
    rule.added = query.integer();
    rule.added_until = query.time();
    if (damaged) return failure(damaged_record(database, "budget of the owner", id));
    owners.at(id)->terms.budgets.push_back(std::move(rule));
    return {};
  });
}

std::optional<config::KeyHash> read_hash(SqliteQuery& query, bool& damaged) {
  const std::span<const unsigned char> bytes = query.bytes();
  if (bytes.empty()) return std::nullopt;
  config::KeyHash hash{};
  if (bytes.size() != hash.size()) {
    damaged = true;
  } else {
    std::ranges::copy(bytes, hash.begin());
  }
  return hash;
}

Status read_keys(SqliteDatabase& database, std::map<Id, Key, std::less<>>& keys) {
  SqliteQuery query = database.query(
      "SELECT owner, hash, prefix, last4, role, expires_at, previous_hash, previous_valid_until, "
      "rotated_at, last_used_at FROM api_key");
  return query.each_row([&]() -> Status {
    bool damaged = false;
    const Id id = query.text();
    Key key;
    key.hash = read_hash(query, damaged).value_or(config::KeyHash{});
    key.prefix = query.text();
    key.last4 = query.text();
    read_text(query.text(), key.role, damaged);
    key.expires_at = query.optional_time();
    const std::optional<config::KeyHash> previous = read_hash(query, damaged);
    const std::optional<WallTime> previous_until = query.optional_time();
    if (previous && previous_until) key.previous = PreviousKey{*previous, *previous_until};
    key.rotated_at = query.optional_time();
    key.last_used_at = query.optional_time();
    if (damaged) return failure(damaged_record(database, "key", id));
    keys.emplace(id, std::move(key));
    return {};
  });
}

// --- Writing -------------------------------------------------------------------------------------

Status check_parent(SqliteDatabase& database, const Owner& owner) {
  if (!owner.parent) return {};
  SqliteQuery query = database.query("SELECT kind FROM owner WHERE id = ?1");
  const Result<bool> found = query.bind(*owner.parent).next();
  if (!found) return failure(found.error());
  if (!*found) {
    return failure(Error::client(ErrorKind::kNotFound,
                                 "there is no owner " + *owner.parent + " to be the parent"));
  }
  bool damaged = false;
  OwnerKind kind = OwnerKind::kKey;
  read_text(query.text(), kind, damaged);
  if (damaged) return failure(damaged_record(database, "owner", *owner.parent));
  if (kind < owner.kind) return {};
  return failure(Error::client(
      ErrorKind::kInvalidRequest,
      "the parent " + *owner.parent + " of the " + std::string(text_of(owner.kind)) + " " +
          owner.name + " is a " + std::string(text_of(kind)) +
          ": parents are organizations, teams and users, each of a kind before its children's"));
}

// What SQLite says of values that must be unique, in words about the record.
Status in_words(Status done, const std::string& words) {
  if (done || done.error().kind != ErrorKind::kConflict) return done;
  return failure(Error::client(ErrorKind::kConflict, words));
}

std::string name_is_taken(const Owner& owner) {
  return "there is a " + std::string(text_of(owner.kind)) + " with the name or the id of " +
         owner.name + " already";
}

Status add_owner_row(SqliteDatabase& database, const Owner& owner) {
  const config::Terms& terms = owner.terms;
  Status added =
      database
          .query(
              "INSERT INTO owner VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
              "?14, ?15, ?16, ?17)")
          .bind(owner.id, text_of(owner.kind), owner.parent, owner.name, owner.disabled,
                terms.concurrency, list_text(terms.models), list_text(terms.denied_models),
                list_text(terms.routes), list_text(terms.providers),
                addresses_text(terms.addresses), lists_text(terms.budget_fallbacks),
                list_text(owner.tags), owner.metadata, owner.created_by, owner.created_at,
                owner.version)
          .run();
  return in_words(std::move(added), name_is_taken(owner));
}

// Its kind stays: its parent and its children depend on it.
Status replace_owner_row(SqliteDatabase& database, const Owner& owner, std::uint64_t expected) {
  const config::Terms& terms = owner.terms;
  Status replaced =
      database
          .query(
              "UPDATE owner SET parent = ?3, name = ?4, disabled = ?5, concurrency = ?6, "
              "models = ?7, denied_models = ?8, routes = ?9, providers = ?10, addresses = ?11, "
              "budget_fallbacks = ?12, tags = ?13, metadata = ?14, created_by = ?15, "
              "created_at = ?16, version = ?17 WHERE id = ?1 AND kind = ?2 AND version = ?18")
          .bind(owner.id, text_of(owner.kind), owner.parent, owner.name, owner.disabled,
                terms.concurrency, list_text(terms.models), list_text(terms.denied_models),
                list_text(terms.routes), list_text(terms.providers),
                addresses_text(terms.addresses), lists_text(terms.budget_fallbacks),
                list_text(owner.tags), owner.metadata, owner.created_by, owner.created_at,
                owner.version, expected)
          .run();
  if (!replaced) return in_words(std::move(replaced), name_is_taken(owner));
  if (database.changes() > 0) return {};
  SqliteQuery query = database.query("SELECT version FROM owner WHERE id = ?1 AND kind = ?2");
  const Result<bool> found = query.bind(owner.id, text_of(owner.kind)).next();
  if (!found) return failure(found.error());
  const std::string name = std::string(text_of(owner.kind)) + " " + owner.id;
  if (!*found) {
    return failure(Error::client(ErrorKind::kNotFound, "there is no " + name));
  }
  return failure(Error::client(ErrorKind::kConflict, "the " + name +
                                                         " has changed meanwhile: it has version " +
                                                         std::to_string(query.integer()) +
                                                         ", not " + std::to_string(expected)));
}

Status put_rates(SqliteDatabase& database, const Owner& owner) {
  Status done = database.query("DELETE FROM limit_rule WHERE owner = ?1").bind(owner.id).run();
  int position = 0;
  for (const config::RateRule& rule : owner.terms.rates) {
    if (!done) return done;
    done = database.query("INSERT INTO limit_rule VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
               .bind(owner.id, position++, text_of(rule.quantity), rule.amount, rule.period.count(),
                     rule.burst, rule.models)
               .run();
  }
  return done;
}

Status put_budgets(SqliteDatabase& database, const Owner& owner) {
  Status done = database.query("DELETE FROM budget WHERE owner = ?1").bind(owner.id).run();
  int position = 0;
  for (const config::BudgetRule& rule : owner.terms.budgets) {
    if (!done) return done;
    done = database
               .query(
                   "INSERT INTO budget VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                   "?12, ?13, ?14, ?15)")
               .bind(owner.id, position++, rule.name, text_of(rule.quantity), rule.amount,
                     text_of(rule.unit), rule.units, text_of(rule.alignment), rule.time_zone,
                     rule.models, percents_text(rule.soft_percents), text_of(rule.on_exceeded),
                     rule.route_to, rule.added, rule.added_until)
               .run();
    done = in_words(std::move(done),
                    "two budgets of " + owner.name + " have the same name: " + rule.name);
  }
  return done;
}

Status put_owner_rows(SqliteDatabase& database, const Owner& owner,
                      std::optional<std::uint64_t> expected) {
  Status done = check_parent(database, owner);
  if (!done) return done;
  done = expected ? replace_owner_row(database, owner, *expected) : add_owner_row(database, owner);
  if (done) done = put_rates(database, owner);
  if (done) done = put_budgets(database, owner);
  return done;
}

// When a key was last used is known better by the file than by who changes something else.
Status put_key_row(SqliteDatabase& database, const Key& key) {
  std::optional<std::span<const unsigned char>> previous_hash;
  std::optional<WallTime> previous_until;
  if (key.previous) {
    previous_hash = key.previous->hash;
    previous_until = key.previous->valid_until;
  }
  Status put =
      database
          .query(
              "INSERT INTO api_key VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
              "ON CONFLICT(owner) DO UPDATE SET hash = ?2, prefix = ?3, last4 = ?4, role = ?5, "
              "expires_at = ?6, previous_hash = ?7, previous_valid_until = ?8, rotated_at = ?9, "
              "last_used_at = nullif(max(ifnull(last_used_at, 0), ifnull(?10, 0)), 0)")
          .bind(key.owner.id, key.hash, key.prefix, key.last4, text_of(key.role), key.expires_at,
                previous_hash, previous_until, key.rotated_at, key.last_used_at)
          .run();
  return in_words(std::move(put), "another key has the secret of " + key.owner.name);
}

Status add_audit(SqliteDatabase& database, const AuditEntry& entry) {
  return database
      .query(
          "INSERT INTO audit(at, actor, action, target, before, after) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
      .bind(entry.at, entry.actor, entry.action, entry.target, entry.before, entry.after)
      .run();
}

// Does `change`, adds the entry, and commits both.
template <class Change>
Status change_audited(SqliteDatabase& database, const AuditEntry& entry, Change change) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  if (!transaction) return failure(std::move(transaction.error()));
  Status done = change();
  if (done) done = add_audit(database, entry);
  if (!done) return done;
  return transaction->commit();
}

}  // namespace

Result<OwnersAndKeys> load_owners(SqliteDatabase& database) {
  std::vector<Owner> all;
  SqliteQuery query = database.query(kSelectOwners);
  Status read = query.each_row([&]() -> Status {
    bool damaged = false;
    all.push_back(read_owner(query, damaged));
    if (damaged) return failure(damaged_record(database, "owner", all.back().id));
    return {};
  });
  if (!read) return failure(std::move(read.error()));
  OwnersById by_id;
  for (Owner& each : all) by_id.emplace(each.id, &each);
  std::map<Id, Key, std::less<>> keys;
  read = read_rates(database, by_id);
  if (read) read = read_budgets(database, by_id);
  if (read) read = read_keys(database, keys);
  if (!read) return failure(std::move(read.error()));
  OwnersAndKeys loaded;
  for (Owner& each : all) {
    if (each.kind != OwnerKind::kKey) {
      loaded.owners.push_back(std::move(each));
      continue;
    }
    const auto found = keys.find(each.id);
    if (found == keys.end()) return failure(damaged_record(database, "key", each.id));
    found->second.owner = std::move(each);
    loaded.keys.push_back(std::move(found->second));
  }
  return loaded;
}

Status put_owner(SqliteDatabase& database, const Owner& owner,
                 std::optional<std::uint64_t> expected, const AuditEntry& entry) {
  return change_audited(database, entry, [&] { return put_owner_rows(database, owner, expected); });
}

Status put_key(SqliteDatabase& database, const Key& key, std::optional<std::uint64_t> expected,
               const AuditEntry& entry) {
  return change_audited(database, entry, [&] {
    Status done = put_owner_rows(database, key.owner, expected);
    if (done) done = put_key_row(database, key);
    return done;
  });
}

Status remove_owner(SqliteDatabase& database, const Id& owner, const AuditEntry& entry) {
  return change_audited(database, entry, [&]() -> Status {
    SqliteQuery children =
        database.query("SELECT kind, name FROM owner WHERE parent = ?1 ORDER BY id LIMIT 1");
    const Result<bool> found = children.bind(owner).next();
    if (!found) return failure(found.error());
    if (*found) {
      const std::string kind = children.text();
      return failure(Error::client(ErrorKind::kConflict, "the owner " + owner + " has the " + kind +
                                                             " " + children.text() +
                                                             ": remove or move that first"));
    }
    Status done = database.query("DELETE FROM owner WHERE id = ?1").bind(owner).run();
    if (!done) return done;
    if (database.changes() == 0) {
      return failure(Error::client(ErrorKind::kNotFound, "there is no owner " + owner));
    }
    return database.query("DELETE FROM spent WHERE owner = ?1").bind(owner).run();
  });
}

Status touch_keys(SqliteDatabase& database, std::span<const std::pair<Id, WallTime>> last_used) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  if (!transaction) return failure(std::move(transaction.error()));
  for (const auto& [id, time] : last_used) {
    Status done = database.query("UPDATE api_key SET last_used_at = ?2 WHERE owner = ?1")
                      .bind(id, time)
                      .run();
    if (!done) return done;
  }
  return transaction->commit();
}

Result<std::vector<AuditEntry>> load_audit(SqliteDatabase& database, std::size_t offset,
                                           std::size_t limit) {
  SqliteQuery query = database.query(
      "SELECT at, actor, action, target, before, after FROM audit ORDER BY id DESC "
      "LIMIT ?1 OFFSET ?2");
  query.bind(limit, offset);
  std::vector<AuditEntry> entries;
  Status read = query.each_row([&] {
    AuditEntry entry;
    entry.at = query.time();
    entry.actor = query.text();
    entry.action = query.text();
    entry.target = query.text();
    entry.before = query.text();
    entry.after = query.text();
    entries.push_back(std::move(entry));
  });
  if (!read) return failure(std::move(read.error()));
  return entries;
}

}  // namespace penstock::store
