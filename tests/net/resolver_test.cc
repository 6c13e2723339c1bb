// What is cached of look-ups, for how long, and who waits for whom. No name is looked up here: the
// test controls the answers and the time.

#include "net/resolver.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/listener.h"
#include "support/simulated_loop.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::SimulatedLoop;
using testing::Tasks;
using Addresses = Result<std::vector<SocketAddress>>;
using Answer = std::optional<Addresses>;
using enum Question::Wanted;

// Look-ups that wait until the test answers them.
class FakeLookups final : public Lookups {
 public:
  Result<std::shared_ptr<Lookup>> start(std::string host, Done done) override {
    if (is_full)
      return failure(
          Error::gateway(ErrorKind::kOverloaded, "full").at_limit(Limit::kCallerLookups));
    auto lookup = std::make_shared<Lookup>();
    asked.push_back(host);
    waiting.push_back({lookup, std::move(host), std::move(done)});
    return lookup;
  }

  struct Waiting {
    std::shared_ptr<Lookup> lookup;
    std::string host;
    Done done;
  };
  std::vector<std::string> asked;  // all of them, in order
  std::deque<Waiting> waiting;
  bool is_full = false;
};

class ResolverTest : public ::testing::Test {
 protected:
  ~ResolverTest() override {
    cancel_.raise();
    sim_.settle();
    EXPECT_EQ(tasks_.running(), 0u) << "a wait never ends";
  }

  void ask(Answer& into, const std::string& host = "host", Question::Wanted wanted = kKept,
           Asker asker = Asker::kOperator) {
    Question question{.host = host, .port = 80, .asker = asker, .wanted = wanted};
    const SteadyTime until = sim_.clock().steady() + seconds(5);
    tasks_.start(resolver_->resolve(std::move(question), until, cancel_), into);
    sim_.settle();
  }
  // What is answered at once.
  std::string ask(const std::string& host = "host", Question::Wanted wanted = kKept) {
    Answer& answer = answers_at_once_.emplace_back();
    ask(answer, host, wanted);
    return text(answer);
  }

  // Answers the look-up that has waited longest; without an address, it fails.
  void answer(FakeLookups& lookups, const std::string& address) {
    ASSERT_FALSE(lookups.waiting.empty());
    FakeLookups::Waiting next = std::move(lookups.waiting.front());
    lookups.waiting.pop_front();
    if (!next.lookup->begin()) return;
    LookupAnswer answer;
    if (address.empty()) {
      answer.failure = "no such name";
    } else {
      answer.addresses.push_back(*resolve_listen_address(address, 0));
    }
    next.done(std::move(answer));
    sim_.settle();
  }
  void answer(const std::string& address) { answer(operators_, address); }

  // A name that has been looked up.
  void know(const std::string& address) {
    EXPECT_EQ(ask(), "waits");
    answer(address);
  }

  static std::string text(const Answer& answer) {
    if (!answer) return "waits";
    if (!*answer) return std::string(name_of(answer->error().kind));
    return (**answer)[0].text();
  }

  SimulatedLoop sim_;
  FakeLookups operators_;
  FakeLookups callers_;
  Signal cancel_;
  std::deque<Answer> answers_at_once_;  // tasks write into them
  Tasks tasks_{sim_.loop()};
  std::unique_ptr<SystemResolver> resolver_ =
      std::make_unique<SystemResolver>(sim_.loop(), operators_, callers_);
};

TEST_F(ResolverTest, TakesAddressesAsTheyAre) {
  EXPECT_EQ(ask("192.0.2.7"), "192.0.2.7:80");
  EXPECT_EQ(ask("2001:db8::7"), "[2001:db8::7]:80");
  EXPECT_TRUE(operators_.asked.empty());
}

TEST_F(ResolverTest, KeepsAnAnswerForHalfAMinute) {
  know("192.0.2.1");
  sim_.pass(seconds(30) - milliseconds(1));
  EXPECT_EQ(ask(), "192.0.2.1:80");
  EXPECT_EQ(operators_.asked.size(), 1u);
  sim_.pass(milliseconds(1));
  EXPECT_EQ(ask(), "192.0.2.1:80");
  EXPECT_EQ(operators_.asked.size(), 2u);
}

// reported-failures 4.2
TEST_F(ResolverTest, ServesAnOldAnswerAtOnceWhileANewOneIsFetched) {
  know("192.0.2.1");
  sim_.pass(minutes(9));
  EXPECT_EQ(ask(), "192.0.2.1:80");
  EXPECT_EQ(ask(), "192.0.2.1:80");
  EXPECT_EQ(operators_.asked.size(), 2u);
  answer("192.0.2.2");
  EXPECT_EQ(ask(), "192.0.2.2:80");
}

// reported-failures 4.4
TEST_F(ResolverTest, ServesAVeryOldAnswerWhereTheNewOneDoesNotComeInASecond) {
  know("192.0.2.1");
  sim_.pass(minutes(60));
  Answer answered;
  ask(answered);
  EXPECT_EQ(text(answered), "waits");
  sim_.pass(seconds(1));
  EXPECT_EQ(text(answered), "192.0.2.1:80");

  // And uses the new one if it arrives.
  sim_.pass(seconds(31));
  Answer next;
  ask(next);
  answer("192.0.2.2");
  EXPECT_EQ(text(next), "192.0.2.2:80");
}

TEST_F(ResolverTest, KeepsOldAddressesAfterAFailedLookup) {
  know("192.0.2.1");
  for (const auto age : {seconds(31), seconds(3600)}) {
    sim_.pass(age);
    Answer answered;
    ask(answered);
    answer("");
    EXPECT_EQ(text(answered), "192.0.2.1:80");
    EXPECT_EQ(ask(), "192.0.2.1:80");
  }
}

TEST_F(ResolverTest, KeepsAFailureForASecond) {
  Answer answered;
  ask(answered);
  answer("");
  ASSERT_EQ(text(answered), "upstream_unreachable");
  EXPECT_EQ(answered->error().retry, RetryClass::kNothingSent);
  EXPECT_NE(answered->error().message.find("no such name"), std::string::npos);
  sim_.pass(milliseconds(999));
  EXPECT_EQ(ask(), "upstream_unreachable");
  EXPECT_EQ(operators_.asked.size(), 1u);
  sim_.pass(milliseconds(1));
  Answer next;
  ask(next);
  answer("192.0.2.1");
  EXPECT_EQ(text(next), "192.0.2.1:80");
}

TEST_F(ResolverTest, MakesOneLookupForAllWhoAskAtOneTime) {
  std::vector<Answer> answers(100);
  for (Answer& each : answers) ask(each);
  EXPECT_EQ(operators_.asked.size(), 1u);
  answer("192.0.2.1");
  for (const Answer& each : answers) EXPECT_EQ(text(each), "192.0.2.1:80");
}

// reported-failures 4.2: the cached addresses could not be reached.
TEST_F(ResolverTest, LooksUpAgainForWhoFoundNobodyAtTheOldAddress) {
  know("192.0.2.1");
  // Asking again so soon would change nothing.
  EXPECT_EQ(ask("host", kNew), "192.0.2.1:80");
  EXPECT_EQ(operators_.asked.size(), 1u);
  sim_.pass(seconds(1));
  Answer moved;
  ask(moved, "host", kNew);
  EXPECT_EQ(text(moved), "waits");
  answer("192.0.2.2");
  EXPECT_EQ(text(moved), "192.0.2.2:80");
  EXPECT_EQ(ask(), "192.0.2.2:80");

  // A name server that hangs then costs a second.
  sim_.pass(seconds(1));
  Answer old;
  ask(old, "host", kNew);
  sim_.pass(seconds(1));
  EXPECT_EQ(text(old), "192.0.2.2:80");
}

TEST_F(ResolverTest, EndsAWaitAtItsTimeAndWhenItIsCancelled) {
  Answer late;
  ask(late);
  sim_.pass(seconds(5));
  ASSERT_EQ(text(late), "upstream_timeout");
  EXPECT_EQ(late->error().limit, Limit::kConnectTimeout);
  Answer cancelled;
  ask(cancelled, "another");
  cancel_.raise();
  sim_.settle();
  EXPECT_EQ(text(cancelled), "cancelled");
}

// analysis A2
TEST_F(ResolverTest, DropsALookupThatNobodyWaitsForAnyMore) {
  Answer first;
  Answer second;
  ask(first);
  sim_.pass(seconds(3));
  ask(second);
  sim_.pass(seconds(2));
  EXPECT_EQ(text(first), "upstream_timeout");
  ASSERT_FALSE(operators_.waiting.empty());
  EXPECT_FALSE(operators_.waiting.front().lookup->dropped()) << "the second still waits";
  sim_.pass(seconds(3));
  EXPECT_EQ(text(second), "upstream_timeout");
  EXPECT_TRUE(operators_.waiting.front().lookup->dropped());
  // A later asker is not lost with it.
  operators_.waiting.clear();
  Answer third;
  ask(third);
  answer("192.0.2.1");
  EXPECT_EQ(text(third), "192.0.2.1:80");
}

TEST_F(ResolverTest, JoinsALookupThatHasBegunThoughItsAskerHasLeft) {
  Answer first;
  ask(first);
  FakeLookups::Waiting begun = std::move(operators_.waiting.front());
  operators_.waiting.clear();
  ASSERT_TRUE(begun.lookup->begin());
  sim_.pass(seconds(5));
  EXPECT_EQ(text(first), "upstream_timeout");
  Answer second;
  ask(second);
  EXPECT_EQ(operators_.asked.size(), 1u);
  begun.done({{*resolve_listen_address("192.0.2.1", 0)}, {}});
  sim_.settle();
  EXPECT_EQ(text(second), "192.0.2.1:80");
}

// reported-failures 1.9, faults-measured 4
TEST_F(ResolverTest, LooksUpTheHostsOfCallersApart) {
  Answer theirs;
  Answer ours;
  ask(theirs, "host", kKept, Asker::kCaller);
  ask(ours, "host", kKept, Asker::kOperator);
  EXPECT_EQ(callers_.asked.size(), 1u);
  EXPECT_EQ(operators_.asked.size(), 1u);
  answer(operators_, "192.0.2.1");
  EXPECT_EQ(text(ours), "192.0.2.1:80");
  EXPECT_EQ(text(theirs), "waits");
  answer(callers_, "192.0.2.2");
  EXPECT_EQ(text(theirs), "192.0.2.2:80");
  EXPECT_EQ(ask(), "192.0.2.1:80");
}

TEST_F(ResolverTest, RefusesACallersHostWhereTooManyWait) {
  callers_.is_full = true;
  Answer refused;
  ask(refused, "host", kKept, Asker::kCaller);
  ASSERT_EQ(text(refused), "overloaded");
  EXPECT_EQ(refused->error().limit, Limit::kCallerLookups);
  callers_.is_full = false;
  Answer next;
  ask(next, "host", kKept, Asker::kCaller);
  answer(callers_, "192.0.2.2");
  EXPECT_EQ(text(next), "192.0.2.2:80");
  // An old answer is better than none.
  sim_.pass(seconds(3600));
  callers_.is_full = true;
  Answer old;
  ask(old, "host", kKept, Asker::kCaller);
  EXPECT_EQ(text(old), "192.0.2.2:80");
}

// analysis A2: the cache is bounded, whatever callers ask for, and however slow the answers are.
TEST_F(ResolverTest, KeepsABoundedNumberOfNames) {
  for (std::size_t i = 0; i < 3 * SystemResolver::kEntriesMax; ++i) {
    Answer each;
    ask(each, "n" + std::to_string(i), kKept, Asker::kCaller);
    answer(callers_, "192.0.2.2");
    ASSERT_EQ(text(each), "192.0.2.2:80");
    ASSERT_LE(resolver_->entries(Asker::kCaller), SystemResolver::kEntriesMax);
  }
  std::vector<Answer> answers(2 * SystemResolver::kEntriesMax);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ask(answers[i], "m" + std::to_string(i), kKept, Asker::kCaller);
    ASSERT_LE(resolver_->entries(Asker::kCaller), SystemResolver::kEntriesMax);
  }
  EXPECT_EQ(text(answers.front()), "waits");
  EXPECT_EQ(text(answers.back()), "overloaded");
  cancel_.raise();
  sim_.settle();
  cancel_.lower();
  // It evicts none of the operator's.
  EXPECT_EQ(resolver_->entries(Asker::kOperator), 0u);
  know("192.0.2.1");
  EXPECT_EQ(ask(), "192.0.2.1:80");
}

TEST_F(ResolverTest, MayBeDestroyedBeforeAnAnswerComes) {
  Answer left;
  ask(left);
  cancel_.raise();
  sim_.settle();
  FakeLookups::Waiting begun = std::move(operators_.waiting.front());
  // On its way to the loop, and after that.
  begun.done({{*resolve_listen_address("192.0.2.1", 0)}, {}});
  resolver_.reset();
  sim_.settle();
  begun.done({{*resolve_listen_address("192.0.2.1", 0)}, {}});
  sim_.settle();
}

}  // namespace
}  // namespace penstock::net
