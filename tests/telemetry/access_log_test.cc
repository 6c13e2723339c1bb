#include "telemetry/access_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/patience.h"

namespace penstock::telemetry {
namespace {

using nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// Each test has its own directory.
class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() {
    std::string form = ::testing::TempDir() + "penstock-access-log-XXXXXX";
    directory_ = ::mkdtemp(form.data());
  }
  ~AccessLogTest() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/access.log"; }

  std::vector<std::string> lines() const { return lines(path()); }
  static std::vector<std::string> lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  // The log's line for one record.
  template <class Record>
  std::string line_of(const Record& record) {
    return line_of(record, {.target = path()});
  }
  template <class Record>
  std::string text_line_of(const Record& record) {
    return line_of(record, {.target = path(), .format = AccessLog::Format::kText});
  }
  template <class Record>
  std::string line_of(const Record& record, const AccessLog::Options& options) {
    std::filesystem::remove(path());
    {
      const auto log = AccessLog::open(options).value();
      AccessLogShard(*log).write(record);
    }
    const std::vector<std::string> written = lines();
    EXPECT_EQ(written.size(), 1u);
    return written.empty() ? "" : written.front();
  }

  // The same where the log is a terminal.
  static std::string terminal_line_of(AccessLog::Options options, const AccessRecord& record) {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ::grantpt(terminal);
    ::unlockpt(terminal);
    options.target = ::ptsname(terminal);
    auto log = AccessLog::open(options).value();
    AccessLogShard(*log).write(record);
    std::string line;
    for (char c = 0; ::read(terminal, &c, 1) == 1 && c != '\r';) line.push_back(c);
    log.reset();
    ::close(terminal);
    return line;
  }

  std::string directory_;
};

AccessRecord full_record() {
  AccessRecord record;
  record.time = WallTime{} + milliseconds(1735689599999);
  record.request_id = "req-1";
  record.principal = "team";
  record.method = "POST";
  record.route = "/v1/chat/completions";
  record.path = "/v1/openai/v1/chat/completions?key=sk-secret";
  record.model = "passthrough/m1";
  record.provider = "passthrough";
  record.upstream_model = "m1";
  record.target = "passthrough/m1";
  record.fallback = true;
  record.peer = "192.0.2.7:4711";
  record.user_agent = "OpenAI/Python 2.1.0";
  record.status = 200;
  record.upstream_status = 201;
  record.ending = Ending::kUpstreamReset;
  record.error = ErrorKind::kUpstreamReset;
  record.stream = true;
  record.reused_connection = true;
  record.attempts = 2;
  record.bytes_in = 123;
  record.bytes_out = 4567;
  record.duration = microseconds(1'234'567);
  record.first_byte = microseconds(98'700);
  record.connect = microseconds(1'001);
  record.prompt_tokens = 10;
  record.completion_tokens = 20;
  record.total_tokens = 30;
  record.cached_tokens = 4;
  record.cache_write_tokens = 0;
  record.reasoning_tokens = 6;
  return record;
}

TEST_F(AccessLogTest, WritesEverythingThatIsKnown) {
  EXPECT_EQ(line_of(full_record()),
            R"({"time":"2024-12-31T23:59:59.999Z","request_id":"req-1","principal":"team",)"
            R"("peer":"192.0.2.7:4711","user_agent":"OpenAI/Python 2.1.0","method":"POST",)"
            R"("route":"/v1/chat/completions",)"
            R"("path":"/v1/openai/v1/chat/completions","model":"passthrough/m1",)"
            R"("provider":"passthrough","upstream_model":"m1","target":"passthrough/m1",)"
            R"("fallback":true,"status":200,"upstream_status":201,)"
            R"("ending":"upstream_reset","error":"upstream_reset","stream":true,"bytes_in":123,)"
            R"("bytes_out":4567,"duration_ms":1234.567,"first_byte_ms":98.700,"connect_ms":1.001,)"
            R"("attempts":2,"reused_connection":true,"prompt_tokens":10,"completion_tokens":20,)"
            R"("total_tokens":30,"cached_tokens":4,"cache_write_tokens":0,"reasoning_tokens":6})");
}

TEST_F(AccessLogTest, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(line_of(AccessRecord{}),
            R"({"time":"1970-01-01T00:00:00.000Z","ending":"completed","stream":false,)"
            R"("bytes_in":0,"bytes_out":0,"duration_ms":0.000,"attempts":0})");
}

TEST_F(AccessLogTest, WritesWhatIsKnownOfAnAttempt) {
  AttemptRecord record;
  record.time = WallTime{} + milliseconds(1735689599999);
  record.request_id = "req-1";
  record.attempt = 2;
  record.target = "alpha/m1";
  record.outcome = "rate_limited";
  record.status = 429;
  record.duration = microseconds(1'500);
  record.wait = microseconds(250'000);
  EXPECT_EQ(line_of(record),
            R"({"time":"2024-12-31T23:59:59.999Z","request_id":"req-1","attempt":2,)"
            R"("target":"alpha/m1","class":"rate_limited","status":429,"duration_ms":1.500,)"
            R"("wait_ms":250.000})");
  record.prompt_tokens = 12;
  record.completion_tokens = 1;
  EXPECT_NE(line_of(record).find(R"("wait_ms":250.000,"prompt_tokens":12,"completion_tokens":1})"),
            std::string::npos);
}

// --- the text form ---

// reported-failures 6.11
TEST_F(AccessLogTest, WritesALineForPeopleOnDemand) {
  AccessRecord record = full_record();
  record.model = "smart";
  EXPECT_EQ(text_line_of(record),
            "2024-12-31T23:59:59.999Z 200 POST /v1/openai/v1/chat/completions "
            "smart -> passthrough/m1 1234.567 ms first byte 98.700 ms 10+20 tokens upstream_reset "
            "2 attempts team 192.0.2.7:4711 req-1");
  record = AccessRecord();
  record.method = "GET";
  record.path = "/v1/models?key=sk-secret";
  record.status = 200;
  EXPECT_EQ(text_line_of(record), "1970-01-01T00:00:00.000Z 200 GET /v1/models 0.000 ms");
}

TEST_F(AccessLogTest, NamesAModelOnceInTextWhereItsTargetHasTheSameName) {
  AccessRecord record;
  record.status = 200;
  record.model = "main/org/m1";
  record.provider = "main";
  record.upstream_model = "org/m1";
  EXPECT_EQ(text_line_of(record), "1970-01-01T00:00:00.000Z 200 main/org/m1 0.000 ms");
}

TEST_F(AccessLogTest, WritesAnAttemptForPeopleOnDemand) {
  AttemptRecord record;
  record.request_id = "req-1";
  record.attempt = 2;
  record.target = "alpha/m1";
  record.outcome = "rate_limited";
  record.status = 429;
  record.duration = microseconds(1'500);
  record.wait = microseconds(250'000);
  EXPECT_EQ(text_line_of(record),
            "1970-01-01T00:00:00.000Z 429 attempt 2 at alpha/m1 rate_limited 1.500 ms "
            "after a wait of 250.000 ms req-1");
}

TEST_F(AccessLogTest, GivesAPeerNoWayToControlTheTerminal) {
  AccessRecord record = full_record();
  record.path = record.model = record.principal = "\x1b[2J\n\u202e\xff";
  const std::string line = text_line_of(record);  // which is one
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(line, Not(HasSubstr("\u202e")));
}

TEST_F(AccessLogTest, UsesColoursOnATerminalOnly) {
  using Format = AccessLog::Format;
  AccessRecord record;
  record.method = "GET";
  record.status = 502;
  const auto shown = [&](Format format, TextLine::Colours colours) {
    return terminal_line_of({.target = {}, .format = format, .colours = colours}, record);
  };
  const std::string plain = "1970-01-01T00:00:00.000Z 502 GET 0.000 ms";
  EXPECT_EQ(shown(Format::kAuto, TextLine::Colours::kNo), plain);
  EXPECT_EQ(shown(Format::kAuto, TextLine::Colours::kYes),
            "\x1b[2m1970-01-01T00:00:00.000Z\x1b[0m \x1b[31m502\x1b[0m GET 0.000 ms");
  EXPECT_THAT(shown(Format::kJson, TextLine::Colours::kYes), HasSubstr(R"("status":502)"));
  const AccessLog::Options file{
      .target = path(), .format = Format::kText, .colours = TextLine::Colours::kYes};
  EXPECT_EQ(line_of(record, file), plain);
  EXPECT_THAT(line_of(record, {.target = path(), .format = Format::kAuto}),
              HasSubstr(R"("status":502)"));
}

// --- reopening ---

TEST_F(AccessLogTest, GoesOnInANewFileAfterItsFileWasRenamedWithoutLosingALine) {
  constexpr int kThreads = 3;
  constexpr int kLines = 3000;
  constexpr int kRotations = 20;
  {
    const auto log = AccessLog::open(path()).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&log] {
        AccessLogShard shard(*log);
        for (int i = 0; i < kLines; ++i) {
          AccessRecord record = full_record();
          record.bytes_out = static_cast<std::uint64_t>(i);
          shard.write(record);
        }
      });
    }
    for (int i = 0; i < kRotations; ++i) {
      std::filesystem::rename(path(), path() + "." + std::to_string(i));
      EXPECT_TRUE(log->reopen().has_value());
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(log->dropped_lines(), 0u);
  }
  std::vector<int> seen(kLines, 0);
  for (const auto& file : std::filesystem::directory_iterator(directory_)) {
    for (const std::string& line : lines(file.path())) {
      ++seen.at(json::parse(line).at("bytes_out"));
    }
  }
  EXPECT_EQ(seen, std::vector<int>(kLines, kThreads));
}

TEST_F(AccessLogTest, KeepsItsFileWhereAnotherCannotBeOpened) {
  {
    const auto log = AccessLog::open(path()).value();
    const Status reopened = log->reopen({.target = directory_ + "/missing/access.log"});
    ASSERT_FALSE(reopened.has_value());
    EXPECT_THAT(reopened.error().message, HasSubstr("/missing/access.log"));
    AccessLogShard(*log).write(full_record());
    EXPECT_TRUE(log->reopen().has_value());
  }
  EXPECT_EQ(lines().size(), 1u);
}

TEST_F(AccessLogTest, IsSwitchedOnAndOffAndToAnotherForm) {
  const auto log = AccessLog::open("off").value();
  EXPECT_TRUE(log->reopen().has_value());
  AccessLogShard shard(*log);
  shard.write(full_record());
  ASSERT_TRUE(log->reopen({.target = path()}).has_value());
  EXPECT_TRUE(log->is_on());
  shard.write(full_record());
  ASSERT_TRUE(log->reopen({.target = path(), .format = AccessLog::Format::kText}).has_value());
  shard.write(full_record());
  ASSERT_TRUE(log->reopen({.target = "off"}).has_value());
  shard.write(full_record());
  shard.flush();
  while (lines().size() < 2) std::this_thread::yield();
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_TRUE(json::accept(lines()[0]));
  EXPECT_FALSE(json::accept(lines()[1]));
}

TEST_F(AccessLogTest, LeavesAnOutputThatIsBlockedForAnother) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const std::string other = path() + ".2";
  {
    const auto log = AccessLog::open(path()).value();
    AccessLogShard shard(*log);
    while (log->dropped_lines() == 0) shard.write(full_record());
    ASSERT_TRUE(log->reopen({.target = other}).has_value());
  }
  ::close(reader);
  EXPECT_GE(lines(other).size(), 1u);
}

TEST_F(AccessLogTest, StaysOneObjectALineWhateverAPeerSends) {
  const std::string huge(1024 * 1024, 'x');
  for (const std::string& value :
       {std::string("a\nb"), std::string("\x1b[2J"), std::string("\u2028"), std::string("\xff\xfe"),
        std::string("\",\"principal\":\"root"), huge}) {
    AccessRecord record = full_record();
    record.request_id = record.principal = record.method = record.route = value;
    record.path = record.model = record.provider = record.upstream_model = record.peer = value;
    record.target = value;
    const std::string line = line_of(record);
    const json object = json::parse(line, nullptr, false);
    ASSERT_TRUE(object.is_object()) << line;
    EXPECT_EQ(object.at("model"), object.at("principal"));
    EXPECT_LE(object.at("model").get<std::string>().size(), 256u);
  }
}

TEST_F(AccessLogTest, NeverShowsAQuery) {
  AccessRecord record = full_record();
  EXPECT_THAT(line_of(record), Not(HasSubstr("sk-secret")));
  record.path = "/v1/models#sk-secret";
  EXPECT_THAT(line_of(record), Not(HasSubstr("sk-secret")));
}

TEST_F(AccessLogTest, AppendsToAFileThatExistsAndKeepsItFromOthers) {
  for (int i = 0; i < 2; ++i) {
    const auto log = AccessLog::open(path()).value();
    AccessLogShard shard(*log);
    shard.write(full_record());
  }
  EXPECT_EQ(lines().size(), 2u);
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07, 0u);
}

TEST_F(AccessLogTest, RefusesAFileThatCannotBeOpened) {
  for (const std::string& target : {directory_, directory_ + "/missing/access.log"}) {
    const auto log = AccessLog::open(target);
    ASSERT_FALSE(log.has_value());
    EXPECT_THAT(log.error().message, HasSubstr(target));
  }
}

TEST_F(AccessLogTest, RefusesANamedPipeThatNobodyReads) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_FALSE(AccessLog::open(path()).has_value());
}

TEST_F(AccessLogTest, WritesNothingWhereItIsOff) {
  const auto log = AccessLog::open("off").value();
  EXPECT_FALSE(log->is_on());
  AccessLogShard shard(*log);
  for (int i = 0; i < 1000; ++i) shard.write(full_record());
  shard.flush();
  EXPECT_EQ(log->dropped_lines(), 0u);
}

TEST_F(AccessLogTest, LosesNoLineOfSeveralThreads) {
  constexpr int kThreads = 3;
  constexpr int kLines = 4000;
  {
    const auto log = AccessLog::open(path()).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&log] {
        AccessLogShard shard(*log);
        for (int i = 0; i < kLines; ++i) {
          AccessRecord record = full_record();
          record.bytes_out = static_cast<std::uint64_t>(i);
          shard.write(record);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(log->dropped_lines(), 0u);
  }
  std::vector<int> seen(kLines, 0);
  for (const std::string& line : lines()) ++seen.at(json::parse(line).at("bytes_out"));
  EXPECT_EQ(seen, std::vector<int>(kLines, kThreads));
}

TEST_F(AccessLogTest, CountsTheLinesThatAFullDiskLoses) {
  // A device whose every write fails with ENOSPC (full(4)).
  auto log = AccessLog::open("/dev/full").value();
  {
    AccessLogShard shard(*log);
    for (int i = 0; i < 10; ++i) shard.write(full_record());
  }
  while (log->dropped_lines() == 0) std::this_thread::yield();
  EXPECT_EQ(log->dropped_lines(), 10u);
}

TEST_F(AccessLogTest, NeverWaitsForAReaderAndCountsWhatIsDropped) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  auto log = AccessLog::open(path()).value();
  std::uint64_t written = 0;
  {
    AccessLogShard shard(*log);
    // Nobody reads: after the pipe and the queue are full, lines are dropped.
    while (log->dropped_lines() == 0) {
      shard.write(full_record());
      ++written;
    }
  }
  EXPECT_LT(written * 400, 2 * AccessLog::kBatchesWaitingMax * AccessLogShard::kBatchBytes);
  EXPECT_GE(log->dropped_lines(), 1u);
  EXPECT_LT(log->dropped_lines(), written);

  // What was kept arrives whole once somebody reads.
  std::string received;
  std::thread closing([&log] { log.reset(); });
  ::fcntl(reader, F_SETFL, 0);
  char buffer[65536];
  for (ssize_t n = 0; (n = ::read(reader, buffer, sizeof buffer)) > 0;) {
    received.append(buffer, static_cast<std::size_t>(n));
  }
  closing.join();
  ::close(reader);
  std::istringstream lines(received);
  std::uint64_t whole = 0;
  for (std::string line; std::getline(lines, line); ++whole) {
    ASSERT_TRUE(json::accept(line)) << line;
  }
  EXPECT_GT(whole, AccessLog::kBatchesWaitingMax);
  EXPECT_LT(whole, written);
}

// faults-measured 12
TEST_F(AccessLogTest, DoesNotDelayTheEndByMoreThanItsPatienceWhereNobodyReads) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  auto log = AccessLog::open(path()).value();
  {
    AccessLogShard shard(*log);
    while (log->dropped_lines() == 0) shard.write(full_record());
  }
  const std::uint64_t dropped = log->dropped_lines();
  const testing::TimePoint before = testing::Clock::now();
  log.reset();
  const auto took = testing::Clock::now() - before;
  EXPECT_GT(dropped, 0u);
  EXPECT_GE(took, AccessLog::kClosePatience / 2);
  // Once for all batches: once for each would take minutes. A busy machine may run the writer late.
  static_assert(AccessLog::kBatchesWaitingMax * AccessLog::kClosePatience > 2 * testing::kPatience);
  EXPECT_LT(took, AccessLog::kClosePatience + testing::kPatience);
  ::close(reader);
}

TEST_F(AccessLogTest, SurvivesAReaderThatGoesAway) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  auto log = AccessLog::open(path()).value();
  ::close(reader);
  {
    AccessLogShard shard(*log);
    shard.write(full_record());
  }
  while (log->dropped_lines() == 0) std::this_thread::yield();
  EXPECT_EQ(log->dropped_lines(), 1u);
}

}  // namespace
}  // namespace penstock::telemetry
