#include "store/sqlite_objects.h"

#include <string>
#include <utility>

namespace penstock::store {
namespace {

constexpr std::string_view kSelectObjects =
    "SELECT id, kind, owner, provider, model, created_at, expires_at, metadata, content "
    "FROM object";

Object read_object(SqliteQuery& query) {
  Object object;
  object.id = query.text();
  object.kind = query.text();
  object.owner = query.text();
  object.provider = query.text();
  object.model = query.text();
  object.created_at = query.time();
  object.expires_at = query.optional_time();
  object.metadata = query.text();
  object.content = query.text();
  return object;
}

// Only constants of the program become part of it.
std::string list_statement(const ObjectFilter& filter) {
  std::string sql(kSelectObjects);
  sql += " WHERE kind = ? AND (? IS NULL OR owner = ?) AND (? = '' OR model = ?)";
  for (std::size_t i = 0; i < filter.metadata.size(); ++i) {
    sql +=
        " AND EXISTS(SELECT 1 FROM json_each(iif(json_valid(metadata), metadata, '{}')) AS member "
        "WHERE member.key = ? AND member.type = 'text' AND member.value = ?)";
  }
  if (!filter.after.empty()) {
    sql += filter.newest_first ? " AND (created_at, id) < " : " AND (created_at, id) > ";
    sql += "(SELECT created_at, id FROM object WHERE kind = ? AND id = ?)";
  }
  sql += filter.newest_first ? " ORDER BY created_at DESC, id DESC" : " ORDER BY created_at, id";
  sql += " LIMIT ?";
  return sql;
}

}  // namespace

Status put_object(SqliteDatabase& database, const Object& object) {
  return database.query("INSERT OR REPLACE INTO object VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .bind(object.kind, object.id, object.owner, object.provider, object.model, object.created_at,
            object.expires_at, object.metadata, object.content)
      .run();
}

Result<std::optional<Object>> load_object(SqliteDatabase& database, std::string_view kind,
                                          std::string_view id) {
  const std::string sql = std::string(kSelectObjects) + " WHERE kind = ?1 AND id = ?2";
  SqliteQuery query = database.query(sql);
  const Result<bool> found = query.bind(kind, id).next();
  if (!found) return failure(found.error());
  if (!*found) return std::nullopt;
  return read_object(query);
}

Result<std::vector<Object>> list_objects(SqliteDatabase& database, const ObjectFilter& filter) {
  SqliteQuery query = database.query(list_statement(filter));
  query.bind(filter.kind, filter.owner, filter.owner, filter.model, filter.model);
  for (const auto& [name, value] : filter.metadata) query.bind(name, value);
  if (!filter.after.empty()) query.bind(filter.kind, filter.after);
  query.bind(filter.limit);
  std::vector<Object> objects;
  Status read = query.each_row([&] { objects.push_back(read_object(query)); });
  if (!read) return failure(std::move(read.error()));
  return objects;
}

Result<bool> drop_object(SqliteDatabase& database, std::string_view kind, std::string_view id) {
  Status done =
      database.query("DELETE FROM object WHERE kind = ?1 AND id = ?2").bind(kind, id).run();
  if (!done) return failure(std::move(done.error()));
  return database.changes() > 0;
}

Status expire_objects(SqliteDatabase& database, WallTime now) {
  return database.query("DELETE FROM object WHERE expires_at <= ?1").bind(now).run();
}

}  // namespace penstock::store
