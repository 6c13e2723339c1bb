#include "store/sqlite_spent.h"

#include <algorithm>

namespace penstock::store {
namespace {

Status save_spent(SqliteDatabase& database, const Spent& spent) {
  return database.query("INSERT OR REPLACE INTO spent VALUES(?1, ?2, ?3, ?4, ?5)")
      .bind(spent.owner, spent.budget, spent.window_began, spent.amount, spent.reserved)
      .run();
}

}  // namespace

Status save_checkpoint(SqliteDatabase& database, const Checkpoint& checkpoint) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  if (!transaction) return failure(std::move(transaction.error()));
  for (const Spent& each : checkpoint.spent) {
    Status saved = save_spent(database, each);
    if (!saved) return saved;
  }
  Status saved = database.query("UPDATE checkpoint SET through = ?1, as_of = ?2")
                     .bind(checkpoint.through, checkpoint.as_of)
                     .run();
  if (!saved) return saved;
  return transaction->commit();
}

Result<Checkpoint> load_checkpoint(SqliteDatabase& database) {
  Checkpoint checkpoint;
  SqliteQuery position = database.query("SELECT through, as_of FROM checkpoint");
  const Result<bool> found = position.next();
  if (!found) return failure(found.error());
  if (*found) {
    checkpoint.through = static_cast<std::uint64_t>(position.integer());
    checkpoint.as_of = position.time();
  }
  SqliteQuery query =
      database.query("SELECT owner, budget, window_began, amount, reserved FROM spent");
  Status read = query.each_row([&] {
    Spent spent;
    spent.owner = query.text();
    spent.budget = query.text();
    spent.window_began = query.time();
    spent.amount = query.integer();
    spent.reserved = query.integer();
    checkpoint.spent.push_back(std::move(spent));
  });
  if (!read) return failure(std::move(read.error()));
  return checkpoint;
}

Recovery::Recovery(Checkpoint checkpoint) : as_of_(checkpoint.as_of) {
  for (Spent& each : checkpoint.spent) {
    std::pair<Id, std::string> budget{each.owner, each.budget};
    spent_.emplace(std::move(budget), std::move(each));
  }
}

void Recovery::add(const Charge& charge, WallTime reserved_at) {
  const auto [found, is_new] = spent_.try_emplace(
      {charge.owner, charge.budget}, Spent{charge.owner, charge.budget, charge.window_began, 0, 0});
  Spent& spent = found->second;
  // Windows only move forward.
  if (charge.window_began < spent.window_began) return;
  if (charge.window_began > spent.window_began) {
    spent = Spent{charge.owner, charge.budget, charge.window_began, 0, 0};
  }
  spent.amount += charge.amount;
  // A later reservation was not in the checkpoint.
  if (reserved_at < as_of_) spent.reserved -= charge.reserved;
}

std::vector<Spent> Recovery::spent() && {
  std::vector<Spent> all;
  for (auto& [budget, spent] : spent_) {
    spent.amount += std::max<std::int64_t>(spent.reserved, 0);
    spent.reserved = 0;
    all.push_back(std::move(spent));
  }
  return all;
}

}  // namespace penstock::store
