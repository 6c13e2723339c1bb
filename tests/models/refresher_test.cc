#include "models/refresher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/url.h"
#include "models/lister.h"
#include "support/compressed.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace penstock::models {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Lt;
using testing::memory_pair;
using testing::MemoryStream;

// Makes connections in memory, and keeps the upstream's ends of them; refuses if nobody listens.
class MemoryConnector final : public net::Connector {
 public:
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination&, SteadyTime,
                                                     net::Signal&) override {
    ++attempts;
    if (!is_up) {
      Error error =
          Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent, "nobody");
      co_return failure(std::move(error));
    }
    auto ends = memory_pair();
    upstream = std::move(ends.second);
    std::unique_ptr<net::Stream> near = std::move(ends.first);
    co_return near;
  }

  bool is_up = true;
  int attempts = 0;
  std::unique_ptr<MemoryStream> upstream;  // of the last connection
};

class RefresherTest : public ::testing::Test {
 protected:
  // Starts to ask, with these settings.
  void start(seconds interval = seconds(300)) {
    settings_->server.registry_refresh_interval = interval;
    metrics_.serve({.providers = {"p"}});
    refresher_.emplace(Refresher::Environment{.loop = simulated_.loop(),
                                              .random = random_,
                                              .registry = registry_,
                                              .metrics = metrics_,
                                              .shard = shard_,
                                              .log = log_,
                                              .server = settings_->server});
    auto pools = std::make_shared<providers::OriginPools>(providers::OriginPools::Environment{
        .loop = simulated_.loop(), .connector = connector_, .scratch = scratch_});
    provider_ = providers::make_provider(settings_->providers[0], settings_->server,
                                         {.pools = std::move(pools)});
    tasks_.start(refresher_->keep_fresh(0, *provider_, stop_, [this] { ++asked_; }));
    simulated_.settle();
  }
  void answer(std::string_view bytes) {
    connector_.upstream->send(bytes);
    simulated_.settle();
  }
  void list(std::string_view ids, const std::string& coding = "identity") {
    answer("HTTP/1.1 200 OK\r\nContent-Encoding: " + coding +
           "\r\nContent-Length: " + std::to_string(ids.size()) + "\r\n\r\n" + std::string(ids));
  }
  // The time until the upstream is asked again.
  milliseconds time_to_next_attempt() {
    const int before = connector_.attempts;
    milliseconds passed{0};
    while (connector_.attempts == before && passed < minutes(10)) {
      simulated_.pass(milliseconds(10));
      passed += milliseconds(10);
    }
    return passed;
  }
  std::vector<std::string> ids() {
    std::vector<std::string> found;
    for (const Model& model : registry_.catalog()->models()) found.push_back(model.id);
    return found;
  }
  bool is_up() {
    return metrics_.text().find("penstock_provider_up{provider=\"p\"} 1\n") != std::string::npos;
  }

  config::Provider& provider() { return settings_->providers[0]; }

  std::shared_ptr<config::Settings> settings_ = [] {
    auto settings = std::make_shared<config::Settings>();
    config::Provider& provider = settings->providers.emplace_back();
    provider.id = "p";
    provider.base_url = *config::parse_base_url("http://upstream.test");
    return settings;
  }();
  testing::SimulatedLoop simulated_;
  MemoryConnector connector_;
  http::ScratchPool scratch_;
  SeededRandom random_{1};
  Registry registry_{settings_, WallTime{}, [](std::shared_ptr<const Catalog>) {}};
  telemetry::Metrics metrics_{{.routes = {}, .version = "", .started = {}}};
  telemetry::MetricsShard& shard_ = metrics_.add_shard();
  telemetry::Log log_{telemetry::LogLevel::kInfo};
  net::Signal stop_;
  int asked_ = 0;
  std::unique_ptr<providers::Provider> provider_;
  std::optional<Refresher> refresher_;
  testing::Tasks tasks_{simulated_.loop()};

  void TearDown() override {
    stop_.raise();
    simulated_.settle();
    EXPECT_EQ(tasks_.running(), 0u);
    EXPECT_EQ(tasks_.exceptions(), "");
  }
};

constexpr std::string_view kOne = R"({"data":[{"id":"a"}]})";

MATCHER_P2(IsLines, count, with, "") {
  return std::count(arg.begin(), arg.end(), '\n') == count && arg.find(with) != arg.npos;
}

constexpr std::string_view kTwo = R"({"data":[{"id":"b"},{"id":"c"}]})";

TEST_F(RefresherTest, AsksAtStart) {
  start();
  EXPECT_THAT(connector_.upstream->receive(), HasSubstr("GET /v1/models HTTP/1.1\r\n"));
  EXPECT_EQ(asked_, 0);
  list(kOne);
  EXPECT_EQ(asked_, 1);
  EXPECT_THAT(ids(), ElementsAre("p/a"));
  EXPECT_EQ(registry_.health(0).state, ProviderHealth::State::kOk);
  EXPECT_TRUE(is_up());
}

// faults-measured #6
TEST_F(RefresherTest, LetsOthersHaveTheirTurnWhileItReadsALongList) {
  start();
  std::string list = R"({"data":[{"id":"a"})";
  while (list.size() < 200'000) list += R"(,{"id":"a"})";
  list += "]}";
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(list.size()) + "\r\n\r\n" + list;
  // A turn ends when the clock moves on.
  int turns = 0;
  for (std::size_t sent = 0; asked_ == 0 && turns < 100; ++turns) {
    do {
      sent += connector_.upstream->send(std::string_view(answer).substr(sent));
      simulated_.settle();
    } while (sent < answer.size() && simulated_.poller().next_deadline() > milliseconds(1));
    simulated_.clock().advance(milliseconds(1));
  }
  EXPECT_GT(turns, 2);
  EXPECT_THAT(ids(), ElementsAre("p/a"));
}

TEST_F(RefresherTest, AsksOnceWhereNothingElseIsSaid) {
  start();
  list(kOne);
  EXPECT_EQ(tasks_.running(), 0u);
  EXPECT_EQ(connector_.attempts, 1);
}

TEST_F(RefresherTest, AsksEveryIntervalWhereTheProviderSaysSo) {
  provider().refresh_models = true;
  start(seconds(300));
  list(kOne);
  simulated_.pass(milliseconds(299'900));
  EXPECT_EQ(connector_.attempts, 1);
  simulated_.pass(milliseconds(200));
  EXPECT_EQ(connector_.attempts, 2);
  list(kTwo);
  EXPECT_THAT(ids(), ElementsAre("p/b", "p/c"));
  EXPECT_EQ(asked_, 1);
}

TEST_F(RefresherTest, AsksAFailedUpstreamAgainAfterGrowingPauses) {
  connector_.is_up = false;
  start();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(registry_.health(0).message, "nobody");
  EXPECT_FALSE(is_up());
  for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    const milliseconds shortest{seconds(pause)};
    EXPECT_THAT(time_to_next_attempt(), AllOf(Ge(shortest), Lt(shortest * 5 / 4 + seconds(1))));
  }
}

TEST_F(RefresherTest, StopsPausingWhenTheUpstreamIsBack) {
  provider().refresh_models = true;
  connector_.is_up = false;
  start(seconds(100));
  for (int i = 0; i < 4; ++i) time_to_next_attempt();
  connector_.is_up = true;
  time_to_next_attempt();
  list(kOne);
  EXPECT_THAT(ids(), ElementsAre("p/a"));
  EXPECT_TRUE(is_up());
  EXPECT_EQ(time_to_next_attempt(), seconds(100));
  // The next failure starts with the shortest pause.
  connector_.upstream->reset();
  simulated_.settle();
  EXPECT_THAT(time_to_next_attempt(), Lt(seconds(2)));
}

TEST_F(RefresherTest, KeepsTheModelsOfAnUpstreamThatFails) {
  provider().refresh_models = true;
  start(seconds(10));
  list(kOne);
  time_to_next_attempt();
  answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(registry_.health(0).state, ProviderHealth::State::kError);
  EXPECT_THAT(registry_.health(0).message, HasSubstr("503"));
  EXPECT_THAT(ids(), ElementsAre("p/a"));
  EXPECT_FALSE(is_up());
}

// An upstream that is down for a day is one line of the log.
TEST_F(RefresherTest, LogsAFailureOnceUntilItIsAnother) {
  provider().refresh_models = true;
  connector_.is_up = false;
  ::testing::internal::CaptureStderr();
  start(seconds(10));
  for (int i = 0; i < 5; ++i) time_to_next_attempt();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsLines(1, "cannot be listed: nobody"));

  ::testing::internal::CaptureStderr();
  connector_.is_up = true;
  for (int i = 0; i < 3; ++i) {
    time_to_next_attempt();
    answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsLines(1, "503"));

  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    time_to_next_attempt();
    list(kOne);
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsLines(1, "can be listed again"));
}

TEST_F(RefresherTest, DoesNotAskAProviderThatWaitsForACallersKey) {
  provider().needs_key = true;
  start();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(connector_.attempts, 0);
  simulated_.pass(minutes(10));
  EXPECT_EQ(connector_.attempts, 0);
  EXPECT_EQ(registry_.health(0).state, ProviderHealth::State::kUnknown);
}

TEST_F(RefresherTest, TakesNothingFromAListThatIsNone) {
  for (const char* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "rubbish\r\n\r\n"}) {
    const int before = connector_.attempts;
    if (before == 0) {
      start();
    } else {
      time_to_next_attempt();
    }
    answer(bytes);
    EXPECT_EQ(registry_.health(0).state, ProviderHealth::State::kError) << bytes;
  }
  EXPECT_THAT(ids(), ElementsAre());
}

TEST_F(RefresherTest, GivesUpOnAListThatDoesNotEnd) {
  start();
  answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\":[");
  EXPECT_EQ(asked_, 0);
  simulated_.pass(settings_->server.timeouts.model_list);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(registry_.health(0).state, ProviderHealth::State::kError);
}

// reported-failures 5.17
TEST_F(RefresherTest, AsksForEveryPageOfAList) {
  start();
  list(R"({"data":[{"id":"a b"}],"has_more":true})");
  EXPECT_THAT(connector_.upstream->receive(),
              HasSubstr("GET /v1/models?after=a%20b&after_id=a%20b HTTP/1.1\r\n"));
  list(R"({"data":[{"id":"c"}],"has_more":true,"last_id":"&d"})");
  EXPECT_THAT(connector_.upstream->receive(), HasSubstr("?after=%26d&after_id=%26d HTTP/1.1"));
  EXPECT_THAT(ids(), ElementsAre());
  list(R"({"data":[{"id":"e"}],"has_more":false})");
  EXPECT_THAT(ids(), ElementsAre("p/a b", "p/c", "p/e"));
  EXPECT_EQ(connector_.attempts, 3);
}

TEST_F(RefresherTest, AsksForNoPageASecondTime) {
  start();
  // To an upstream that does not know pages, and to one that leads round in a circle.
  for (const char* last : {"a", "b", "c", "a"}) {
    list(R"({"data":[{"id":")" + std::string(last) + R"("}],"has_more":true})");
  }
  EXPECT_EQ(connector_.attempts, 4);
  EXPECT_THAT(ids(), ElementsAre("p/a", "p/b", "p/c"));
}

TEST_F(RefresherTest, AsksForSoManyPagesAndNotOneMore) {
  settings_->server.limits.model_list_pages = 3;
  start();
  for (const char* last : {"a", "b", "c"}) {
    list(R"({"data":[{"id":")" + std::string(last) + R"("}],"has_more":true})");
  }
  EXPECT_EQ(connector_.attempts, 3);
  EXPECT_THAT(ids(), ElementsAre("p/a", "p/b", "p/c"));
  EXPECT_THAT(metrics_.text(),
              HasSubstr("penstock_limit_hits_total{limit=\"model_list_pages\"} 1\n"));
}

TEST_F(RefresherTest, ReadsAListInAContentCoding) {
  provider().refresh_models = true;
  start();
  list(testing::gzipped(kOne), "gzip");
  EXPECT_THAT(ids(), ElementsAre("p/a"));
  time_to_next_attempt();
  list(testing::zstd_compressed(testing::zlib_wrapped(kTwo)), "deflate, zstd");
  EXPECT_THAT(ids(), ElementsAre("p/b", "p/c"));
}

TEST_F(RefresherTest, TakesNothingFromAListWhoseCodingIsBrokenOrHidesTooMuch) {
  start();
  const std::string whole = testing::gzipped(kOne);
  std::string bomb = R"({"data":[)" + std::string(settings_->server.limits.model_list_bytes, ' ');
  bomb = testing::gzipped(bomb.append("]}"));
  const std::pair<std::string, std::string> lists[] = {
      {whole.substr(0, whole.size() - 1), "ended before"},
      {whole + "junk", "does not match"},
      {std::string(kOne), "does not match"},
      {bomb, "longer than"},
      {"", "ended before"},
  };
  for (const auto& [bytes, message] : lists) {
    list(bytes, "gzip");
    // A large one takes several turns.
    for (int turn = 0; turn < 100; ++turn) simulated_.pass(milliseconds(1));
    EXPECT_THAT(registry_.health(0).message, HasSubstr(message));
    time_to_next_attempt();
  }
  list(whole, "br");
  EXPECT_THAT(registry_.health(0).message, HasSubstr("unknown content coding"));
  EXPECT_THAT(ids(), ElementsAre());
}

// reported-failures 6.12
TEST_F(RefresherTest, SaysWhatTheOperatorCanDo) {
  start();
  const std::pair<const char*, const char*> answers[] = {
      {"HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n",
       "401 to the model list; check the provider's api_key"},
      {"HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n", "check the provider's api_key"},
      {"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n",
       "404 to the model list; check the path of base_url"},
  };
  for (const auto& [bytes, message] : answers) {
    answer(bytes);
    EXPECT_THAT(registry_.health(0).message, HasSubstr(message));
    time_to_next_attempt();
  }
  connector_.upstream->end_writing();
  simulated_.settle();
  EXPECT_THAT(registry_.health(0).message, HasSubstr("use https://"));
}

TEST_F(RefresherTest, EndsAtOnceInEveryPhase) {
  start();
  stop_.raise();
  simulated_.settle();
  EXPECT_EQ(tasks_.running(), 0u);
  // The order to stop says nothing about the upstream.
  EXPECT_EQ(registry_.health(0).state, ProviderHealth::State::kUnknown);
}

TEST_F(RefresherTest, DoesNotAskWhereEachCallerNamesItsOwnUpstream) {
  provider().base_url.reset();
  start();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(connector_.attempts, 0);
  EXPECT_EQ(tasks_.running(), 0u);
}

}  // namespace
}  // namespace penstock::models
