#include "store/usage_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "store/record_text.h"
#include "store/sqlite_schema.h"

namespace penstock::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kNameBegins = "usage-";
constexpr std::string_view kNameEnds = ".db";
constexpr std::size_t kDayBytes = 10;

constexpr std::string_view kSelectRows =
    "SELECT sequence, request_id, began, key, key_name, team, owners, route, model, provider, "
    "upstream_model, status, error, input, cached, cache_write, output, reasoning, estimated, "
    "cost, price_version, duration_ms, first_token_ms, attempts, tags, reserved_at FROM usage "
    "WHERE began >= ?1 AND began < ?2 "
    "AND (?3 IS NULL OR EXISTS(SELECT 1 FROM json_each(owners) AS one WHERE one.value = ?3)) "
    "AND (?4 = '' OR model = ?4) AND (?5 = '' OR provider = ?5) ORDER BY sequence DESC LIMIT ?6";

UsageRow read_row(SqliteQuery& query, bool& damaged) {
  UsageRow row;
  row.sequence = static_cast<std::uint64_t>(query.integer());
  row.request_id = query.text();
  row.began = query.time();
  row.key = query.text();
  row.key_name = query.text();
  row.team = query.text();
  row.owners = read_list(query.text(), damaged);
  row.route = query.text();
  row.model = query.text();
  row.provider = query.text();
  row.upstream_model = query.text();
  row.status = static_cast<int>(query.integer());
  row.error = query.text();
  row.input = query.integer();
  row.cached = query.integer();
  row.cache_write = query.integer();
  row.output = query.integer();
  row.reasoning = query.integer();
  row.estimated = query.boolean();
  row.cost = query.optional_integer();
  row.price_version = query.text();
  row.duration_ms = query.integer();
  row.first_token_ms = query.optional_integer();
  row.attempts = static_cast<std::uint32_t>(query.integer());
  row.tags = read_list(query.text(), damaged);
  row.reserved_at = query.time();
  return row;
}

Charge read_charge(SqliteQuery& query) {
  Charge charge;
  charge.owner = query.text();
  charge.budget = query.text();
  charge.window_began = query.time();
  charge.amount = query.integer();
  charge.reserved = query.integer();
  return charge;
}

Status read_charges_of(SqliteDatabase& database, UsageRow& row) {
  SqliteQuery query = database.query(
      "SELECT owner, budget, window_began, amount, reserved FROM charge WHERE sequence = ?1 "
      "ORDER BY position");
  query.bind(row.sequence);
  return query.each_row([&] { row.charges.push_back(read_charge(query)); });
}

Status add_row(SqliteDatabase& database, const UsageRow& row) {
  Status added =
      database
          .query(
              "INSERT OR IGNORE INTO usage VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
              "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)")
          .bind(row.sequence, row.request_id, row.began, row.key, row.key_name, row.team,
                list_text(row.owners), row.route, row.model, row.provider, row.upstream_model,
                row.status, row.error, row.input, row.cached, row.cache_write, row.output,
                row.reasoning, row.estimated, row.cost, row.price_version, row.duration_ms,
                row.first_token_ms, row.attempts, list_text(row.tags), row.reserved_at)
          .run();
  if (!added || database.changes() == 0) return added;
  int position = 0;
  for (const Charge& charge : row.charges) {
    added = database.query("INSERT INTO charge VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .bind(row.sequence, position++, charge.owner, charge.budget, charge.window_began,
                      charge.amount, charge.reserved)
                .run();
    if (!added) return added;
  }
  return add_to_hours(database, row);
}

Status add_rows(SqliteDatabase& database, std::span<const UsageRow* const> rows) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  if (!transaction) return failure(std::move(transaction.error()));
  for (const UsageRow* each : rows) {
    Status added = add_row(database, *each);
    if (!added) return added;
  }
  return transaction->commit();
}

Error damaged_row(const SqliteDatabase& database, const UsageRow& row) {
  return Error::gateway(ErrorKind::kStoreUnavailable,
                        "the store's file " + database.file().string() + ": the usage row " +
                            std::to_string(row.sequence) + " is damaged");
}

// Bounds the queries of a database until `ends`.
class BoundedQueries {
 public:
  BoundedQueries(SqliteDatabase& database, steady_clock::time_point ends) : database_(database) {
    const auto left = std::chrono::ceil<milliseconds>(ends - steady_clock::now());
    database_.limit_queries(std::max(left, milliseconds(0)));
  }
  ~BoundedQueries() { database_.limit_queries(std::nullopt); }
  BoundedQueries(const BoundedQueries&) = delete;
  BoundedQueries& operator=(const BoundedQueries&) = delete;

 private:
  SqliteDatabase& database_;
};

bool may_have(const Day& day, const UsageFilter& filter) {
  if (day < day_of(filter.from)) return false;
  return filter.until == WallTime::max() || day <= day_of(filter.until);
}

}  // namespace

Day day_of(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::filesystem::path UsageFiles::file_of(const Day& day) const {
  return folder_ / fmt::format("{}{}{}", kNameBegins, day, kNameEnds);
}

Result<std::vector<Day>> UsageFiles::days() const {
  std::vector<Day> days;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool is_ours = name.size() == kNameBegins.size() + kDayBytes + kNameEnds.size() &&
                         name.starts_with(kNameBegins) && name.ends_with(kNameEnds);
    if (is_ours) days.push_back(name.substr(kNameBegins.size(), kDayBytes));
  }
  if (error) {
    return failure(Error::gateway(
        ErrorKind::kStoreUnavailable,
        "the store's folder " + folder_.string() + " cannot be read: " + error.message()));
  }
  std::ranges::sort(days);
  return days;
}

Result<SqliteDatabase*> UsageFiles::open(const Day& day) {
  if (const auto found = open_.find(day); found != open_.end()) return &found->second;
  while (open_.size() >= kOpenMax) open_.erase(open_.begin());
  Result<SqliteDatabase> database =
      SqliteDatabase::open(file_of(day), {.durability = SqliteDatabase::Durability::kNormal});
  if (!database) return failure(std::move(database.error()));
  Status migrated = migrate(*database, usage_schema());
  if (!migrated) return failure(std::move(migrated.error()));
  return &open_.emplace(day, std::move(*database)).first->second;
}

Status UsageFiles::append(std::span<const UsageRow> rows) {
  std::map<Day, std::vector<const UsageRow*>> by_day;
  for (const UsageRow& row : rows) by_day[day_of(row.began)].push_back(&row);
  for (const auto& [day, of_day] : by_day) {
    const Result<SqliteDatabase*> database = open(day);
    if (!database) return failure(database.error());
    Status added = add_rows(**database, of_day);
    if (!added) return added;
  }
  return {};
}

Result<std::uint64_t> UsageFiles::last_sequence() {
  const Result<std::vector<Day>> all = days();
  if (!all) return failure(all.error());
  std::int64_t last = 0;
  for (const Day& day : *all) {
    const Result<SqliteDatabase*> database = open(day);
    if (!database) return failure(database.error());
    SqliteQuery query = (*database)->query("SELECT ifnull(max(sequence), 0) FROM usage");
    const Result<bool> found = query.next();
    if (!found) return failure(found.error());
    last = std::max(last, query.integer());
  }
  return static_cast<std::uint64_t>(last);
}

Result<std::vector<UsageRow>> UsageFiles::rows(const UsageFilter& filter, std::size_t limit) {
  const steady_clock::time_point ends = steady_clock::now() + kQuestionTime;
  Result<std::vector<Day>> all = days();
  if (!all) return failure(all.error());
  std::ranges::reverse(*all);
  std::vector<UsageRow> rows;
  for (const Day& day : *all) {
    if (!may_have(day, filter)) continue;
    const Result<SqliteDatabase*> database = open(day);
    if (!database) return failure(database.error());
    const BoundedQueries bounded(**database, ends);
    SqliteQuery query = (*database)->query(kSelectRows);
    query.bind(filter.from, filter.until, filter.owner, filter.model, filter.provider,
               limit - rows.size());
    Status read = query.each_row([&]() -> Status {
      bool damaged = false;
      rows.push_back(read_row(query, damaged));
      if (damaged) return failure(damaged_row(**database, rows.back()));
      return read_charges_of(**database, rows.back());
    });
    if (!read) return failure(std::move(read.error()));
  }
  return rows;
}

Status UsageFiles::add_sums(const UsageFilter& filter, std::span<const UsageGroup> groups,
                            const std::function<bool(const Day&)>& is_counted, SumsByGroup& sums) {
  const steady_clock::time_point ends = steady_clock::now() + kQuestionTime;
  const SumSource source = hours_suffice(filter, groups) ? SumSource::kHours : SumSource::kRows;
  const Result<std::vector<Day>> all = days();
  if (!all) return failure(all.error());
  for (const Day& day : *all) {
    if (!may_have(day, filter) || !is_counted(day)) continue;
    const Result<SqliteDatabase*> database = open(day);
    if (!database) return failure(database.error());
    const BoundedQueries bounded(**database, ends);
    Status added = store::add_sums(**database, source, filter, groups, sums);
    if (!added) return added;
  }
  return {};
}

Status UsageFiles::read_charges(std::uint64_t after, const TakeCharge& take) {
  const Result<std::vector<Day>> all = days();
  if (!all) return failure(all.error());
  for (const Day& day : *all) {
    const Result<SqliteDatabase*> database = open(day);
    if (!database) return failure(database.error());
    SqliteQuery query = (*database)->query(
        "SELECT owner, budget, window_began, amount, reserved, reserved_at FROM charge "
        "JOIN usage USING(sequence) WHERE charge.sequence > ?1");
    query.bind(after);
    Status read = query.each_row([&] {
      const Charge charge = read_charge(query);
      take(charge, query.time());
    });
    if (!read) return read;
  }
  return {};
}

Status UsageFiles::remove(const Day& day) {
  open_.erase(day);
  // The log first: without its file it would be taken for that of a new one.
  for (const char* part : {"-wal", "-shm", ""}) {
    std::error_code error;
    std::filesystem::path file = file_of(day);
    file += part;
    std::filesystem::remove(file, error);
    if (error) {
      return failure(Error::gateway(
          ErrorKind::kStoreUnavailable,
          "the store's file " + file.string() + " cannot be removed: " + error.message()));
    }
  }
  return {};
}

}  // namespace penstock::store
