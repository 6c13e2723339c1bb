// Thousands of seeded lives of a model route: upstreams that refuse, break, stall, limit, fail and
// recover, rules of every kind, and clients that come and leave. What is checked holds for every
// seed; a failure names its seed.

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/json_reader.h"
#include "gateway/ill_upstream.h"
#include "gateway/routed_gateway.h"
#include "support/patience.h"

namespace penstock::gateway {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::string_view kLetters = "abc";

// What a whole test counts, to see that all kinds of lives occurred.
struct Tally {
  int whole = 0;
  int streams = 0;
  int cut = 0;
  int errors_of_upstreams = 0;
  int errors_of_gateway = 0;
  int hedges = 0;
  int promised = 0;
};

class Life final : public RoutedGateway {
 public:
  Life(std::uint64_t seed, Tally& tally) : dice_(seed), tally_(tally) {
    random = SeededRandom(seed);
    settings->server.timeouts.first_event = milliseconds(pick({0, 20, 100}));
    make_routes();
    for (const char letter : kLetters) make_upstream(letter);
    make_requests();
    start();
  }
  void TestBody() override {}

  void run() {
    std::ranges::stable_sort(plan_, {}, &Planned::at);
    for (const Planned& each : plan_) {
      pass_until(each.at);
      each.happens();
    }
    const SteadyTime end = sim.loop().now() + hours(1);
    while (sim.loop().now() < end && !all_have_ended()) {
      if (!step(end)) break;
    }
    sim.settle();
    check_rest();
    for (Request& request : requests_) check(request);
    const int hedges = static_cast<int>(std::ranges::count_if(served_, &Served::is_hedge));
    tally_.hedges += hedges;
    const config::HedgeRules& hedge = rules_->hedge;
    const double most = hedge.is_on ? hedge.max_percent / 100 * plans_max() : 0;
    EXPECT_LE(hedges, most) << "more hedges than the budget allows";
    if (HasFailure()) std::printf("%s", story().c_str());
  }

 private:
  // What has happened, for whoever looks for the cause.
  std::string story() const {
    std::string text;
    for (const Served& each : served_) {
      const auto at = duration_cast<milliseconds>(each.at - begun_).count();
      const auto open = duration_cast<milliseconds>(each.ended - each.at).count();
      text += std::to_string(at) + " ms: " + each.upstream + " gets request " +
              std::to_string(each.number) + (each.is_stream ? " (stream)" : "") + ", illness " +
              std::to_string(static_cast<int>(each.illness)) + ", for " + std::to_string(open) +
              " ms" + (each.is_hedge ? ", hedge" : "") + "\n";
    }
    return text;
  }

  struct Planned {
    SteadyTime at;
    std::function<void()> happens;
  };
  struct Request {
    int number = 0;
    bool is_stream = false;
    Client* client = nullptr;
    bool left = false;
    bool has_ended = false;
    Reply reply = {};
    SteadyTime began = {};
  };

  // Dice.
  bool one_in(std::uint64_t n) { return dice_.next() % n == 0; }
  template <std::size_t Count>
  int pick(const int (&values)[Count]) {
    return values[dice_.next() % Count];
  }
  template <std::size_t Count>
  milliseconds time(const int (&values)[Count]) {
    return milliseconds(pick(values));
  }
  nanoseconds up_to(nanoseconds most) {
    return nanoseconds{
        static_cast<std::int64_t>(dice_.next() % static_cast<std::uint64_t>(most.count()))};
  }

  void make_routes() {
    for (std::size_t& limit : limits_) limit = static_cast<std::size_t>(pick({0, 0, 1, 2}));
    if (one_in(2)) steady_ = dice_.next() % kLetters.size();
    if (steady_) limits_[*steady_] = 0;
    const bool has_fallback = one_in(4);
    const std::string_view of_smart = has_fallback ? "ab" : "abc";
    if (steady_ && *steady_ >= of_smart.size()) steady_ = 0, limits_[0] = 0;
    config::ModelRoute& smart = route(of_smart);
    set_rules(smart.rules, of_smart.size());
    set_targets(smart);
    if (has_fallback) {
      smart.fallbacks.any = {"other"};
      const config::RouteRules rules = smart.rules;
      config::ModelRoute& other = route("ca", "other");
      other.rules = rules;
      set_targets(other);
    }
    has_fallback_ = has_fallback;
    rules_ = &settings->routing.routes[0].rules;
  }

  void set_targets(config::ModelRoute& route) {
    for (config::RouteTarget& target : route.targets) {
      target.max_concurrency = limits_[target.provider];
      target.weight = static_cast<std::size_t>(pick({1, 1, 2, 3}));
      target.priority = static_cast<std::size_t>(pick({0, 0, 1}));
    }
  }

  void set_rules(config::RouteRules& rules, std::size_t targets) {
    using config::Balance;
    constexpr std::array kBalances = {Balance::kWeighted,   Balance::kLeastBusy, Balance::kLatency,
                                      Balance::kRoundRobin, Balance::kRandom,    Balance::kFirst};
    rules.balance = kBalances[dice_.next() % kBalances.size()];
    rules.attempts = 1 + dice_.next() % (targets + 1);
    rules.cooldown.standard = time({200, 1'000});
    rules.cooldown.credential = time({500, 2'000});
    rules.cooldown.model = time({500, 2'000});
    rules.breaker.failures = static_cast<std::size_t>(pick({1, 2, 5}));
    rules.breaker.min_requests = static_cast<std::size_t>(pick({2, 20}));
    rules.breaker.open_for = time({300, 2'000});
    rules.breaker.successes = static_cast<std::size_t>(pick({1, 2}));
    rules.breaker.slow_start = time({100, 3'000});
    rules.hold.events = static_cast<std::size_t>(pick({1, 64, 64}));
    rules.queue.wait = time({0, 200, 2'000});
    rules.queue.size = static_cast<std::size_t>(pick({1, 100}));
    rules.retry.backoff.initial = time({10, 250});
    if (one_in(2)) rules.retry.budget = {.percent = 1'000, .min_per_second = 1'000};
    rules.retry.lost = !one_in(8);
    rules.hedge.is_on = one_in(3);
    if (one_in(2)) rules.hedge.delay = time({5, 40});
    rules.hedge.max_percent = pick({20, 50, 100});
    rules.timeouts = {.connect = seconds(1),
                      .first_byte = time({300, 1'500}),
                      .first_token = time({0, 0, 700}),
                      .between_bytes = time({300, 1'200}),
                      .request = time({0, 0, 2'500})};
  }

  // Its health changes from time to time.
  void make_upstream(char letter) {
    const auto index = static_cast<std::size_t>(letter - 'a');
    upstreams[std::string(1, letter)].acts = [this, letter](const std::string& body) {
      return act(letter, body);
    };
    if (steady_ == index) return;
    const nanoseconds length = milliseconds(200) + up_to(milliseconds(2'000));
    for (nanoseconds at{}; at < seconds(5); at += length) {
      const auto illness =
          one_in(3) ? Illness::kNone : static_cast<Illness>(dice_.next() % kIllnesses);
      plan_.push_back({sim.loop().now() + at, [this, letter, index, illness] {
                         illness_[index] = illness;
                         upstreams[std::string(1, letter)].refuses =
                             illness == Illness::kRefusesConnections;
                       }});
    }
  }

  void make_requests() {
    const int count = 6;
    for (int i = 0; i < count; ++i) {
      Request& request = requests_.emplace_back();
      request.number = i;
      request.is_stream = one_in(2);
      // Some come together.
      const nanoseconds at =
          one_in(3) ? milliseconds(1'500) + up_to(milliseconds(10)) : up_to(milliseconds(5'000));
      plan_.push_back({sim.loop().now() + at, [this, &request] {
                         request.began = sim.loop().now();
                         request.client = &begin(post(
                             "/v1/chat/completions",
                             chat_body("smart", request.is_stream,
                                       R"(,"user":"n)" + std::to_string(request.number) + "\"")));
                       }});
      if (!one_in(10)) continue;
      plan_.push_back({sim.loop().now() + at + up_to(milliseconds(400)), [this, &request] {
                         look_at(request);
                         if (request.has_ended) return;
                         request.left = true;
                         request.client->leave();
                       }});
    }
  }

  Act act(char letter, const std::string& body) {
    Served& served = served_.emplace_back();
    served.upstream = letter;
    served.at = sim.loop().now();
    const std::size_t number = body.find(R"("user":"n)");
    EXPECT_NE(number, std::string::npos);
    served.number = std::atoi(body.c_str() + number + 9);
    served.is_stream = body.find(R"("stream":true)") != std::string::npos;
    EXPECT_EQ(body, chat_body("m", served.is_stream,
                              R"(,"user":"n)" + std::to_string(served.number) + "\""));
    const auto index = static_cast<std::size_t>(letter - 'a');
    EXPECT_GE(served.at, cooling_until_[index])
        << letter << " is asked while it cools, for request " << served.number;
    IllUpstream upstream(
        dice_, {rules_->cooldown.standard, rules_->cooldown.credential, rules_->cooldown.model});
    // An ill one is sometimes well.
    const Illness illness = one_in(5) ? Illness::kNone : illness_[index];
    Act act = upstream.act(steady_ == index ? Illness::kNone : illness, served_.size(), served);
    if (served.cooldown) {
      act.call([this, &served, index] {
        // What is asked at this very moment may be under way.
        const SteadyTime end = sim.loop().now() + *served.cooldown;
        stated_.push_back({index, end});
      });
    }
    act.ended = [this, &served] {
      served.is_open = false;
      served.ended = sim.loop().now();
    };
    return act;
  }

  // Time, in which nothing that must not happen happens.
  bool step(SteadyTime until) {
    sim.settle();
    check_now();
    const nanoseconds next = sim.poller().next_deadline();
    if (next.count() < 0 || sim.loop().now() + next > until) return false;
    sim.pass(next);
    check_now();
    return true;
  }
  void pass_until(SteadyTime at) {
    while (step(at)) {
    }
    sim.pass(at - sim.loop().now());
  }

  // Nothing is left to do at this moment.
  void check_now() {
    for (const auto& [index, end] : stated_) {
      cooling_until_[index] = std::max(cooling_until_[index], end);
    }
    stated_.clear();
    std::array<std::size_t, kLetters.size()> open{};
    std::array<int, 16> of_request{};
    for (Served& each : served_) {
      if (!each.is_open) continue;
      ++open[static_cast<std::size_t>(each.upstream - 'a')];
      const int attempts = ++of_request[static_cast<std::size_t>(each.number)];
      if (attempts > 1) each.is_hedge = !is_same_attempt(each);
      if (HasFailure()) return;
      EXPECT_LE(attempts, rules_->hedge.is_on ? 2 : 1)
          << "attempts at once, of request " << each.number;
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (limits_[i] == 0) continue;
      EXPECT_LE(open[i], limits_[i]) << "more than max_concurrency at " << kLetters[i];
    }
  }

  // As one that broke at its begin, over a connection that was stale.
  bool is_same_attempt(const Served& served) const {
    return find([&](const Served& each) {
             return each.number == served.number && each.upstream == served.upstream &&
                    !each.is_open && each.ended == served.at;
           }) != nullptr;
  }

  static void look_at(Request& request) {
    if (request.client == nullptr || request.has_ended) return;
    request.reply = request.client->reply();
    request.has_ended = request.reply.ended || request.reply.broken;
  }
  bool all_have_ended() {
    bool ended = true;
    for (Request& request : requests_) {
      look_at(request);
      ended = ended && (request.has_ended || request.left);
    }
    return ended;
  }

  void check_rest() {
    for (const auto& target : chooser->router().targets()) {
      EXPECT_EQ(target->in_flight(), 0u) << target->provider_id();
    }
    for (const auto& each : chooser->router().routes()) EXPECT_EQ(each->state().queued.load(), 0u);
    for (const Served& each : served_) {
      EXPECT_FALSE(each.is_open) << each.upstream << " still answers request " << each.number;
    }
  }

  double plans_max() const {
    return static_cast<double>(requests_.size()) * (has_fallback_ ? 2 : 1);
  }

  // The one true answer.
  void check(const Request& request) {
    if (request.left) return;
    SCOPED_TRACE("request " + std::to_string(request.number));
    ASSERT_TRUE(request.has_ended) << "no end";
    const Reply& reply = request.reply;
    if (reply.status != 200) return check_error(request);
    const Served* served = find([&](const Served& each) {
      return each.number == request.number && each.status == 200 &&
             reply.field("x-penstock-target") == std::string(1, each.upstream) + "/m" &&
             each.text.starts_with(without_error(reply.body));
    });
    ASSERT_NE(served, nullptr) << "nobody has said that:\n" << reply.head << reply.body;
    if (reply.ended) {
      EXPECT_EQ(reply.body, served->text);
      EXPECT_EQ(served->ending, Served::Ending::kWhole);
      ++(served->is_stream ? tally_.streams : tally_.whole);
      tally_.promised += is_promised() ? 1 : 0;
      return;
    }
    EXPECT_TRUE(served->is_stream) << "a whole answer is cut";
    EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos) << reply.body;
    EXPECT_NE(reply.body.find("data: {\"error\""), std::string::npos) << reply.body;
    const bool is_ill = served->ending != Served::Ending::kWhole;
    EXPECT_TRUE(is_ill || rules_->timeouts.request->count() > 0) << "cut for no reason";
    if (is_promised()) {
      EXPECT_TRUE(served->is_begun) << reply.body;
    }
    ++tally_.cut;
  }

  void check_error(const Request& request) {
    const Reply& reply = request.reply;
    EXPECT_TRUE(reply.ended) << "an error is cut: " << reply.head << reply.body;
    const Served* broken = find([&](const Served& each) {
      return each.number == request.number && !each.is_stream && each.status == 200 &&
             each.is_begun && each.ending != Served::Ending::kWhole;
    });
    if (is_promised()) {
      EXPECT_NE(broken, nullptr) << "an upstream is well: " << reply.head << reply.body;
    }
    const Served* served = find([&](const Served& each) {
      return each.number == request.number &&
             ((each.status == reply.status && each.text == reply.body) ||
              (each.stream_error_status == reply.status && each.stream_error == reply.body));
    });
    if (served != nullptr) {
      ++tally_.errors_of_upstreams;
      return;
    }
    const auto document = JsonDocument::read(reply.body);
    ASSERT_TRUE(document) << reply.body;
    struct Own {
      std::string_view code;
      int status;
    };
    constexpr std::array kOwn = std::to_array<Own>({{"upstream_unreachable", 502},
                                                    {"upstream_reset", 502},
                                                    {"upstream_timeout", 504},
                                                    {"rate_limit_exceeded", 429},
                                                    {"overloaded", 503},
                                                    {"upstream_authentication", 401}});
    const bool is_known = std::ranges::any_of(kOwn, [&](const Own& own) {
      return own.status == reply.status &&
             reply.body.find("\"code\":\"" + std::string(own.code) + "\"") != std::string::npos;
    });
    EXPECT_TRUE(is_known) << reply.head << reply.body;
    ++tally_.errors_of_gateway;
  }

  // Whether every request of this life must be served.
  bool is_promised() const {
    return steady_ && rules_->attempts > settings->routing.routes[0].targets.size() - 1 &&
           rules_->retry.budget.percent > 100 && rules_->retry.lost && rules_->hold.events > 1 &&
           rules_->timeouts.request->count() == 0;
  }

  static std::string_view without_error(std::string_view text) {
    return text.substr(0, text.find("data: {\"error\""));
  }
  const Served* find(const auto& fits) const {
    const auto found = std::ranges::find_if(served_, fits);
    return found == served_.end() ? nullptr : &*found;
  }

  const SteadyTime begun_ = sim.loop().now();
  SeededRandom dice_;
  Tally& tally_;
  const config::RouteRules* rules_ = nullptr;
  bool has_fallback_ = false;
  std::optional<std::size_t> steady_;  // an upstream that is always well
  std::array<std::size_t, kLetters.size()> limits_{};
  std::array<Illness, kLetters.size()> illness_{};
  std::array<SteadyTime, kLetters.size()> cooling_until_{};
  std::vector<std::pair<std::size_t, SteadyTime>> stated_;  // at this moment
  std::deque<Served> served_;
  std::deque<Request> requests_;
  std::vector<Planned> plan_;
};

class RoutedSimulation : public ::testing::TestWithParam<int> {};

constexpr int kParts = 16;
constexpr int kLivesEach = testing::kSanitized ? 40 : 625;

TEST_P(RoutedSimulation, GivesEveryClientOneTrueAnswerWhateverUpstreamsDo) {
  Tally tally;
  for (int i = 0; i < kLivesEach && !HasFailure(); ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * kLivesEach + i);
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed, tally);
    try {
      life.run();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  // All kinds of lives occurred; the few of a sanitizer's run need not be of all kinds.
  if (testing::kSanitized) return;
  EXPECT_GT(tally.whole, 0);
  EXPECT_GT(tally.streams, 0);
  EXPECT_GT(tally.cut, 0);
  EXPECT_GT(tally.errors_of_upstreams, 0);
  EXPECT_GT(tally.errors_of_gateway, 0);
  EXPECT_GT(tally.hedges, 0);
  EXPECT_GT(tally.promised, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoutedSimulation, ::testing::Range(0, kParts));

}  // namespace
}  // namespace penstock::gateway
