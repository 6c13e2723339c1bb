#include "store/usage_sums.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "store/record_text.h"

namespace penstock::store {
namespace {

bool is_whole_hour(WallTime time) {
  return time == std::chrono::floor<std::chrono::hours>(time);
}

std::string_view column_of(UsageGroup group, SumSource source) {
  switch (group) {
    case UsageGroup::kKey:
      return "iif(key = '', key_name, key)";
    case UsageGroup::kTeam:
      return "team";
    case UsageGroup::kModel:
      return "model";
    case UsageGroup::kProvider:
      return "provider";
    case UsageGroup::kDay:
      return source == SumSource::kHours ? "date(hour / 1000, 'unixepoch')"
                                         : "date(began / 1000, 'unixepoch')";
    case UsageGroup::kTag:
      return source == SumSource::kHours ? "''" : "ifnull(tag.value, '')";
  }
  return "''";
}

// Only constants of the program become part of it.
std::string sums_statement(SumSource source, std::span<const UsageGroup> groups) {
  std::string columns;
  bool by_tag = false;
  for (const UsageGroup each : groups) {
    columns.append(column_of(each, source)).append(", ");
    by_tag = by_tag || each == UsageGroup::kTag;
  }
  std::string sql = "SELECT " + columns;
  if (source == SumSource::kHours) {
    sql +=
        "sum(requests), sum(errors), sum(input), sum(cached), sum(output), sum(cost), "
        "sum(unpriced) FROM usage_hour WHERE hour >= ?1 AND hour < ?2";
  } else {
    sql +=
        "count(*), sum(error <> '' OR status = 0 OR status >= 400), sum(input), sum(cached), "
        "sum(output), sum(ifnull(cost, 0)), sum(cost IS NULL) FROM usage";
    if (by_tag) sql += " LEFT JOIN json_each(tags) AS tag";
    sql += " WHERE began >= ?1 AND began < ?2";
  }
  sql +=
      " AND (?3 IS NULL OR EXISTS(SELECT 1 FROM json_each(owners) AS one WHERE one.value = ?3))"
      " AND (?4 = '' OR model = ?4) AND (?5 = '' OR provider = ?5)";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    sql += (i == 0 ? " GROUP BY " : ", ") + std::to_string(i + 1);
  }
  return sql;
}

}  // namespace

bool hours_suffice(const UsageFilter& filter, std::span<const UsageGroup> groups) {
  const bool is_whole = is_whole_hour(filter.from) &&
                        (filter.until == WallTime::max() || is_whole_hour(filter.until));
  return is_whole && std::ranges::find(groups, UsageGroup::kTag) == groups.end();
}

Status add_to_hours(SqliteDatabase& database, const UsageRow& row) {
  const bool has_failed = !row.error.empty() || row.status == 0 || row.status >= 400;
  return database
      .query(
          "INSERT INTO usage_hour VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?11, ?12, "
          "?13) ON CONFLICT DO UPDATE SET requests = requests + 1, errors = errors + ?8, "
          "input = input + ?9, cached = cached + ?10, output = output + ?11, "
          "cost = cost + ?12, unpriced = unpriced + ?13")
      .bind(WallTime{std::chrono::floor<std::chrono::hours>(row.began)}, row.key, row.key_name,
            row.team, list_text(row.owners), row.model, row.provider, has_failed, row.input,
            row.cached, row.output, row.cost.value_or(0), !row.cost.has_value())
      .run();
}

Status add_sums(SqliteDatabase& database, SumSource source, const UsageFilter& filter,
                std::span<const UsageGroup> groups, SumsByGroup& sums) {
  SqliteQuery query = database.query(sums_statement(source, groups));
  query.bind(filter.from, filter.until, filter.owner, filter.model, filter.provider);
  return query.each_row([&] {
    std::vector<std::string> group;
    for (std::size_t i = 0; i < groups.size(); ++i) group.push_back(query.text());
    const std::int64_t requests = query.integer();
    if (requests == 0) return;  // the sum of nothing, without groups
    UsageSum& sum = sums[group];
    sum.group = std::move(group);
    sum.requests += requests;
    sum.errors += query.integer();
    sum.input += query.integer();
    sum.cached += query.integer();
    sum.output += query.integer();
    sum.cost += query.integer();
    sum.unpriced += query.integer();
  });
}

Status copy_hours(SqliteDatabase& from, SqliteDatabase& to) {
  SqliteQuery query = from.query(
      "SELECT hour, key, key_name, team, owners, model, provider, requests, errors, input, "
      "cached, output, cost, unpriced FROM usage_hour");
  return query.each_row([&]() -> Status {
    SqliteQuery add = to.query(
        "INSERT INTO usage_hour VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14)");
    add.bind(query.integer());
    for (int i = 0; i < 6; ++i) add.bind(query.text());
    for (int i = 0; i < 7; ++i) add.bind(query.integer());
    return add.run();
  });
}

}  // namespace penstock::store
