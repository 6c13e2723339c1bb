// Compares docs/metrics.md with what the server reports.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/paths.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace penstock::telemetry {
namespace {

std::string documentation() {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/docs/metrics.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Family to type, from the rows "| `penstock_…` | counter | …" of the documentation.
std::map<std::string, std::string> documented_families() {
  std::map<std::string, std::string> families;
  std::istringstream lines(documentation());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `penstock_") && !line.starts_with("| `process_")) continue;
    std::string bar;
    std::string name;
    std::string type;
    std::istringstream(line) >> bar >> name >> bar >> type;
    families[name.substr(1, name.size() - 2)] = type;
  }
  return families;
}

std::map<std::string, std::string> written_families() {
  std::map<std::string, std::string> families;
  std::istringstream lines(Metrics({{"/r"}, "0", {}}).text());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    std::string mark;
    std::string name;
    std::string type;
    std::istringstream(line) >> mark >> mark >> name >> type;
    families[name] = type;
  }
  return families;
}

TEST(MetricsDocumentation, NamesEveryFamilyWithItsTypeAndNoOther) {
  EXPECT_EQ(documented_families(), written_families());
  EXPECT_GT(written_families().size(), 15u);
}

TEST(MetricsDocumentation, NamesEveryValueOfTheBoundedLabels) {
  const std::string text = documentation();
  const auto names = [&](std::string_view name) {
    return text.find("`" + std::string(name) + "`") != std::string::npos;
  };
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    EXPECT_TRUE(names(name_of(static_cast<Limit>(i)))) << name_of(static_cast<Limit>(i));
  }
  for (std::size_t i = 0; i < kEndingCount; ++i) {
    EXPECT_TRUE(names(name_of(static_cast<Ending>(i)))) << name_of(static_cast<Ending>(i));
  }
  for (const ErrorKind kind : kUpstreamErrorKinds) EXPECT_TRUE(names(name_of(kind)));
  for (const ErrorKind kind : kReceiveErrorKinds) EXPECT_TRUE(names(name_of(kind)));
  for (std::size_t i = 0; i < kHedgeResultCount; ++i) {
    EXPECT_TRUE(names(name_of(static_cast<HedgeResult>(i))))
        << name_of(static_cast<HedgeResult>(i));
  }
  for (std::size_t i = 0; i < kTlsFailureCount; ++i) {
    EXPECT_TRUE(names(name_of(static_cast<TlsFailure>(i)))) << name_of(static_cast<TlsFailure>(i));
  }
}

// The fields of the line of a record, with their types, in order.
template <class Record>
std::vector<std::pair<std::string, std::string>> written_fields(const Record& record) {
  char form[] = "/tmp/penstock-fields-XXXXXX";
  ::close(::mkstemp(form));
  {
    const auto log = AccessLog::open(form).value();
    AccessLogShard(*log).write(record);
  }
  std::ifstream file(form);
  const auto line = nlohmann::ordered_json::parse(file);
  ::unlink(form);
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [field, value] : line.items()) fields.emplace_back(field, value.type_name());
  return fields;
}

// The rows "| `field` | type | …" between two lines of the documentation.
std::vector<std::pair<std::string, std::string>> documented_fields(std::string_view begin,
                                                                   std::string_view end) {
  std::string text = documentation();
  text.erase(0, text.find(begin));
  text.resize(std::min(text.size(), text.find(end)));
  std::vector<std::pair<std::string, std::string>> fields;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    std::string bar;
    std::string name;
    std::string type;
    std::istringstream(line) >> bar >> name >> bar >> type;
    fields.emplace_back(name.substr(1, name.size() - 2), type);
  }
  return fields;
}

TEST(MetricsDocumentation, NamesTheFieldsOfTheAccessLogInTheirOrder) {
  AccessRecord record;
  record.request_id = record.principal = record.peer = record.user_agent = record.method =
      record.route = "x";
  record.path = record.model = record.provider = record.upstream_model = record.target = "x";
  record.fallback = true;
  record.status = record.upstream_status = 200;
  record.error = ErrorKind::kInternal;
  record.first_byte = record.connect = std::chrono::microseconds(1);
  record.attempts = 1;
  record.prompt_tokens = record.completion_tokens = record.total_tokens = 1;
  record.cached_tokens = record.cache_write_tokens = record.reasoning_tokens = 1;
  EXPECT_EQ(documented_fields("## The access log", "### Lines of attempts"),
            written_fields(record));
}

TEST(MetricsDocumentation, NamesTheFieldsOfAnAttemptsLineInTheirOrder) {
  AttemptRecord record;
  record.request_id = record.target = record.outcome = "x";
  record.status = 200;
  record.prompt_tokens = record.completion_tokens = 1;
  EXPECT_EQ(documented_fields("### Lines of attempts", "The server does not rotate"),
            written_fields(record));
}

}  // namespace
}  // namespace penstock::telemetry
