#pragma once

// What budgets have used: the checkpoint in `penstock.db`, and what it comes to with the charges of
// usage rows that are not in it (store/records.h).

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "store/records.h"
#include "store/sqlite_database.h"

namespace penstock::store {

// What is not given stays as it was.
Status save_checkpoint(SqliteDatabase& database, const Checkpoint& checkpoint);
// With all that was ever given.
Result<Checkpoint> load_checkpoint(SqliteDatabase& database);

// Brings a checkpoint up to date after its process has ended.
class Recovery {
 public:
  explicit Recovery(Checkpoint checkpoint);

  // Once for each charge of the rows after the checkpoint, in any order.
  void add(const Charge& charge, WallTime reserved_at);
  // What was reserved and not settled has been used.
  std::vector<Spent> spent() &&;

 private:
  WallTime as_of_;
  std::map<std::pair<Id, std::string>, Spent> spent_;
};

}  // namespace penstock::store
