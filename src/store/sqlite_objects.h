#pragma once

// Stored objects in `penstock.db`. Fails as store/store.h says.

#include <optional>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/records.h"
#include "store/sqlite_database.h"
#include "store/store.h"

namespace penstock::store {

Status put_object(SqliteDatabase& database, const Object& object);
Result<std::optional<Object>> load_object(SqliteDatabase& database, std::string_view kind,
                                          std::string_view id);
Result<std::vector<Object>> list_objects(SqliteDatabase& database, const ObjectFilter& filter);
// False if there is none.
Result<bool> drop_object(SqliteDatabase& database, std::string_view kind, std::string_view id);
Status expire_objects(SqliteDatabase& database, WallTime now);

}  // namespace penstock::store
