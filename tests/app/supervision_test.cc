// What systemd is told, through a socket like its own.

#include "app/supervision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include <unistd.h>

#include "app/service_manager.h"
#include "support/notify_receiver.h"
#include "support/simulated_loop.h"
#include "support/temp_directory.h"

namespace penstock::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::NotifyReceiver;
using testing::SimulatedLoop;
using testing::TempDirectory;

using Variables = std::map<std::string, std::string, std::less<>>;

config::Environment environment_with(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

class SupervisionTest : public ::testing::Test {
 protected:
  SupervisionTest() { pulse.add(loop.loop()); }
  ~SupervisionTest() override { pulse.remove(loop.loop()); }

  Supervision supervise(ServiceManager& manager) {
    return Supervision({.clock = clock,
                        .manager = manager,
                        .pulse = pulse,
                        .models = [this] { return models; },
                        .open_requests = [this] { return open_requests; }});
  }
  ServiceManager manager_with(Variables more = {}) {
    more["NOTIFY_SOCKET"] = address;
    return ServiceManager(environment_with(std::move(more)), log);
  }
  // Lets time pass until something may be due.
  void pass_to_tick(Supervision& supervision) {
    clock.advance(supervision.until_tick().value_or(seconds(0)));
    supervision.tick();
  }

  TempDirectory directory;
  const std::string address = directory.path_of("notify");
  NotifyReceiver receiver{address};
  telemetry::Log log{telemetry::LogLevel::kOff};
  FakeClock clock;
  SimulatedLoop loop;
  net::LoopPulse pulse;
  std::size_t models = 3;
  std::size_t open_requests = 0;
};

TEST_F(SupervisionTest, TellsThatTheServerIsReadyAndWhatItServes) {
  ServiceManager manager = manager_with();
  Supervision supervision = supervise(manager);
  supervision.serving();
  EXPECT_EQ(receiver.next(), "READY=1\nSTATUS=serving 3 models");
  supervision.tick();
  EXPECT_FALSE(receiver.has_one());
  models = 1;
  pass_to_tick(supervision);
  pass_to_tick(supervision);
  EXPECT_EQ(receiver.next(), "STATUS=serving 1 model");
  EXPECT_FALSE(receiver.has_one());
}

TEST_F(SupervisionTest, TellsHowTheDrainGoesOn) {
  ServiceManager manager = manager_with();
  Supervision supervision = supervise(manager);
  open_requests = 2;
  supervision.draining(seconds(20));
  EXPECT_EQ(receiver.next(), "STOPPING=1\nSTATUS=draining: 2 requests still open");
  EXPECT_EQ(receiver.next(), "EXTEND_TIMEOUT_USEC=15000000");
  open_requests = 1;
  pass_to_tick(supervision);
  EXPECT_EQ(receiver.next(), "STATUS=draining: 1 request still open");
  EXPECT_EQ(receiver.next(), "EXTEND_TIMEOUT_USEC=15000000");
  // The limit of the drain is not extended.
  clock.advance(seconds(20));
  supervision.tick();
  EXPECT_FALSE(receiver.has_one());
}

TEST_F(SupervisionTest, LeavesADrainWithoutALimitToTheManagersLimit) {
  ServiceManager manager = manager_with();
  Supervision supervision = supervise(manager);
  supervision.draining(milliseconds(0));
  EXPECT_EQ(receiver.next(), "STOPPING=1\nSTATUS=draining: 0 requests still open");
  pass_to_tick(supervision);
  EXPECT_FALSE(receiver.has_one());
}

TEST_F(SupervisionTest, TellsThatItIsAliveAtHalfOfTheWatchdogsTime) {
  ServiceManager manager =
      manager_with({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", std::to_string(::getpid())}});
  Supervision supervision = supervise(manager);
  supervision.serving();
  supervision.tick();
  EXPECT_EQ(receiver.next_with("WATCHDOG"), "WATCHDOG=1");
  const SteadyTime before = clock.steady();
  while (!receiver.has_one()) {
    loop.settle();
    pass_to_tick(supervision);
  }
  EXPECT_EQ(receiver.next(), "WATCHDOG=1");
  EXPECT_EQ(clock.steady() - before, seconds(15));
}

TEST_F(SupervisionTest, DoesNotReportALoopThatHangsAsAlive) {
  ServiceManager manager = manager_with({{"WATCHDOG_USEC", "2000000"}});
  Supervision supervision = supervise(manager);
  supervision.serving();
  supervision.tick();
  EXPECT_EQ(receiver.next_with("WATCHDOG"), "WATCHDOG=1");
  for (int i = 0; i < 10; ++i) pass_to_tick(supervision);
  EXPECT_FALSE(receiver.has_one());
  loop.settle();
  pass_to_tick(supervision);
  EXPECT_EQ(receiver.next(), "WATCHDOG=1");
}

// A probe asks the loops, too.
TEST_F(SupervisionTest, TakesALoopThatWasAskedAMomentAgoForAlive) {
  ServiceManager manager = manager_with({{"WATCHDOG_USEC", "2000000"}});
  Supervision supervision = supervise(manager);
  supervision.serving();
  supervision.tick();
  EXPECT_EQ(receiver.next_with("WATCHDOG"), "WATCHDOG=1");
  loop.settle();
  clock.advance(milliseconds(999));
  pulse.ask(clock.steady());
  pass_to_tick(supervision);
  EXPECT_EQ(receiver.next(), "WATCHDOG=1");
}

TEST_F(SupervisionTest, LeavesTheWatchdogOfAnotherProcessAlone) {
  ServiceManager manager = manager_with({{"WATCHDOG_USEC", "2000000"}, {"WATCHDOG_PID", "1"}});
  EXPECT_FALSE(manager.watchdog());
}

TEST_F(SupervisionTest, TellsOfAReloadWithTheTimeOfItsBeginning) {
  ServiceManager manager = manager_with();
  manager.reloading();
  EXPECT_THAT(receiver.next(), ::testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  manager.ready("serving 3 models");
  EXPECT_EQ(receiver.next(), "READY=1\nSTATUS=serving 3 models");
}

TEST_F(SupervisionTest, IsQuietWithoutAManager) {
  ServiceManager manager(environment_with({{"WATCHDOG_USEC", "2000000"}}), log);
  Supervision supervision = supervise(manager);
  EXPECT_FALSE(manager.listens());
  EXPECT_FALSE(supervision.until_tick());
  supervision.serving();
  supervision.draining(seconds(20));
  supervision.tick();
  EXPECT_FALSE(receiver.has_one());
}

TEST_F(SupervisionTest, GoesOnWithAManagerThatIsGone) {
  ServiceManager manager(environment_with({{"NOTIFY_SOCKET", directory.path_of("none")}}), log);
  Supervision supervision = supervise(manager);
  supervision.serving();
  supervision.draining(seconds(20));
}

}  // namespace
}  // namespace penstock::app
