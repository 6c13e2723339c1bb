// The program itself, as a process: how it starts, reports its address and ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "app/program.h"
#include "support/notify_receiver.h"
#include "support/patience.h"
#include "support/raw_client.h"
#include "support/test_service.h"

namespace penstock::testing {
namespace {

TEST_F(ProgramTest, ServesUntilASignalEndsIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program(serve());
    RawClient client(port_of(program));
    EXPECT_EQ(client.ask(chat(Answer::kWhole, "main/m1")).status(), 200);
    program.signal(signal);
    EXPECT_EQ(program.wait(), 0);
  }
}

TEST_F(ProgramTest, FinishesWhatIsOpenBeforeItEnds) {
  const auto latch = std::make_shared<Latch>();
  upstream.answer_next(
      Script().send(stream_head()).pause(latch).send(chunk(chat_events())).send(kLastChunk));
  Program program(serve());
  RawClient client(port_of(program));
  ASSERT_TRUE(client.send(chat(Answer::kStream, "main/m1")));
  EXPECT_EQ(client.read_head().status, 200);
  program.signal(SIGTERM);
  program.read_until("draining");
  latch->release();
  EXPECT_TRUE(client.read_rest().complete);
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(ProgramTest, EndsAtOnceAtTheSecondSignal) {
  upstream.answer_next(Script().send(stream_head()).stall());
  Program program(serve());
  RawClient client(port_of(program));
  ASSERT_TRUE(client.send(chat(Answer::kStream, "main/m1")));
  EXPECT_EQ(client.read_head().status, 200);
  program.signal(SIGTERM);
  program.read_until("draining");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_FALSE(client.read_rest().complete);
}

// faults-measured 12: both logs go to a pipe that is full.
TEST_F(ProgramTest, ServesAndEndsInTwoSecondsAlthoughNobodyReadsItsLogs) {
  Program program(serve("server: {log_level: debug, access_log: stderr}\n"));
  const std::uint16_t port = port_of(program);
  RawClient client(port);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(client.ask(get("/healthz")).status(), 200);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(RawClient(port).ask("no request\r\n\r\n").status(), 400) << i;
  }
  EXPECT_EQ(client.ask(get("/healthz")).status(), 200);
  const TimePoint before = Clock::now();
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(kSanitized ? 10 : 2));
}

// reported-failures 6.7
TEST_F(ProgramTest, GoesOnAfterSignalsThatMeanNothingToIt) {
  Program program(serve());
  RawClient client(port_of(program));
  for (const int signal : {SIGUSR2, SIGPIPE}) {
    program.signal(signal);
    if (signal != SIGPIPE) program.read_until("is ignored");
    EXPECT_EQ(client.ask(chat(Answer::kWhole, "main/m1")).status(), 200);
  }
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(ProgramTest, GoesOnInANewAccessLogAfterItsFileWasRenamed) {
  const std::string log = directory.path_of("access.log");
  Program program(serve("server: {access_log: " + log + "}\n"));
  RawClient client(port_of(program));
  EXPECT_EQ(client.ask(get("/healthz")).status(), 200);
  EXPECT_TRUE(eventually([&] { return !read_file(log).empty(); }));
  ASSERT_EQ(std::rename(log.c_str(), (log + ".1").c_str()), 0);
  program.signal(SIGUSR1);
  program.read_until("the access log has been reopened");
  EXPECT_EQ(client.ask(get("/readyz")).status(), 200);
  EXPECT_TRUE(eventually([&] { return read_file(log).contains("/readyz"); }));
  EXPECT_FALSE(read_file(log + ".1").contains("/readyz"));

  // A folder of that name cannot be written to.
  std::remove(log.c_str());
  ASSERT_EQ(mkdir(log.c_str(), 0700), 0);
  program.signal(SIGUSR1);
  program.read_until("; it goes on in the file that is open");
  EXPECT_EQ(client.ask(get("/healthz")).status(), 200);
}

// faults-measured 17: a core dump would contain every key.
TEST_F(ProgramTest, LeavesNoCoreDumpUnlessItIsTold) {
  rlimit own{};
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &own), 0);
  Program program(serve());
  port_of(program);
  EXPECT_EQ(program.core_limit().rlim_cur, 0u);
  EXPECT_EQ(program.core_limit().rlim_max, 0u);
  Program debugged(serve("server: {core_dumps: true}\n"));
  port_of(debugged);
  EXPECT_EQ(debugged.core_limit().rlim_cur, own.rlim_cur);
  EXPECT_EQ(debugged.core_limit().rlim_max, own.rlim_max);
}

// faults-measured 18
TEST_F(ProgramTest, WarnsWhereItRunsAsRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "this takes root";
  Program program(serve());
  EXPECT_NE(program.read_until("running as root"), "");
}

// reported-failures 6.8
TEST_F(ProgramTest, TellsWhatItCouldNotReceiveAtItsLogLevelDebug) {
  Program program(serve("server: {log_level: debug}\n"));
  RawClient client(port_of(program));
  EXPECT_EQ(client.ask("sk-hunter2\r\n\r\n").status(), 400);
  EXPECT_EQ(program.read_until("a request from 127.0.0.1 could not be received: ").find("hunter2"),
            std::string::npos);
}

// reported-failures 6.10
TEST_F(ProgramTest, SaysAtItsStartWhatItServes) {
  Program program(serve());
  EXPECT_THAT(program.read_until(" with "), ::testing::HasSubstr("run.yaml"));
  EXPECT_EQ(program.read_until("provider main: "), upstream.url() + "/v1");
  EXPECT_EQ(program.read_until("access log: "), "stdout");
  EXPECT_EQ(program.read_until("provider main: the models of "),
            upstream.url() + "/v1 are listed: 1");
  EXPECT_EQ(program.read_until("serving "), "1 model");
}

// reported-failures 6.2
TEST_F(ProgramTest, ChecksWhatServingWouldFailAt) {
  const std::string provider =
      "providers:\n  inference:\n  - provider_id: p\n"
      "    provider_type: remote::passthrough\n";
  const std::string no_pem = directory.write("no.pem", "this is no certificate\n");
  const auto status = [&](const std::string& text) {
    return Program({"check", "--config", directory.write("checked.yaml", text)}).wait();
  };
  EXPECT_EQ(status(provider), 0);
  for (const std::string& config :
       {"network: {tls: {verify: " + no_pem + "}}", std::string("network: {tls: {ciphers: NONE}}"),
        "network: {tls: {client_cert: " + no_pem + ", client_key: " + no_pem + "}}"}) {
    EXPECT_EQ(status(provider + "    config: {base_url: 'https://h', " + config + "}\n"), 2)
        << config;
  }
  EXPECT_EQ(status(provider + "server: {access_log: /nowhere/access.log}\n"), 2);
  // An address that no machine has (RFC 5737).
  EXPECT_EQ(status(provider + "server: {host: 203.0.113.9, api_keys: [sk-12345678]}\n"), 2);
  EXPECT_EQ(
      status(provider + "server: {tls_certfile: " + no_pem + ", tls_keyfile: " + no_pem + "}\n"),
      2);
  EXPECT_EQ(status(provider + "server: {host: no.such.host.invalid}\n"), 2);
  // The log of the future server is not created.
  const std::string log = directory.path_of("access.log");
  EXPECT_EQ(status(provider + "server: {access_log: " + log + "}\n"), 0);
  EXPECT_NE(access(log.c_str(), F_OK), 0);
}

TEST_F(ProgramTest, TellsTheServiceManagerWhenItIsReadyAndWhenItEnds) {
  const NotifyReceiver manager(directory.path_of("notify"));
  Program program(serve(),
                  {"NOTIFY_SOCKET=" + directory.path_of("notify"), "WATCHDOG_USEC=200000"});
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving 1 model");
  // It accepts connections, and its upstream was asked.
  RawClient client(port_of(program));
  EXPECT_EQ(client.ask(get("/readyz")).status(), 200);
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  program.signal(SIGTERM);
  EXPECT_EQ(manager.next_with("STOPPING=1"), "STOPPING=1\nSTATUS=draining");
  EXPECT_EQ(manager.next_with("EXTEND_TIMEOUT_USEC="), "EXTEND_TIMEOUT_USEC=15000000");
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(ProgramTest, TellsAMistakeByItsStatus) {
  EXPECT_EQ(Program({"check", "--config", directory.path_of("none.yaml")}).wait(), 2);
  EXPECT_EQ(Program({"nothing"}).wait(), 2);
  EXPECT_EQ(Program({"version"}).wait(), 0);
}

}  // namespace
}  // namespace penstock::testing
