// `penstock doctor`.

#include "app/doctor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string>

#include "app/command.h"
#include "app/diagnosis.h"
#include "app/doctor_machine.h"
#include "app/doctor_upstream.h"
#include "config/load.h"
#include "support/endpoint.h"
#include "support/scripted_upstream.h"
#include "support/temp_directory.h"
#include "support/test_pki.h"

namespace penstock::testing {
namespace {

using app::Finding;
using Grade = Finding::Grade;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string doctored_yaml(std::string_view url, std::string_view config = "",
                          std::string_view server = "server: {port: 1}\n") {
  return fmt::format(
      "providers:\n  inference:\n    - {{provider_id: main, provider_type: "
      "\"remote::passthrough\", "
      "config: {{base_url: \"{}\"{}}}}}\n{}",
      url, config, server);
}

class DoctorCommand : public ::testing::Test {
 protected:
  TempDirectory directory;

  CommandOutcome doctor(std::string_view url, std::string_view config = "",
                        std::string_view server = "server: {port: 1}\n") {
    return run_command({"doctor", directory.write("run.yaml", doctored_yaml(url, config, server))});
  }
};

TEST_F(DoctorCommand, FindsAHealthyUpstreamWell) {
  const ScriptedUpstream upstream;
  const CommandOutcome outcome = doctor(upstream.url());
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("ok    start: "), HasSubstr("ok    provider main: connection: "),
                    HasSubstr("ok    provider main: models: 1 listed\n"),
                    HasSubstr(" descriptors: "), Not(HasSubstr("fail "))));
}

TEST_F(DoctorCommand, FailsWhereAnUpstreamRefuses) {
  const RefusingPort nobody;
  const CommandOutcome outcome = doctor(fmt::format("http://127.0.0.1:{}", nobody.port()));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("fail  provider main: connection: "),
                                 HasSubstr("\n      Does the service run, ")));
}

TEST_F(DoctorCommand, TellsALookUpThatFailsFromAConnection) {
  const CommandOutcome outcome = doctor("http://no.such.host.invalid");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("fail  provider main: look-up: "),
                                 Not(HasSubstr("provider main: connection"))));
}

TEST_F(DoctorCommand, TellsARefusedKeyFromAConnection) {
  ScriptedUpstream upstream;
  upstream.answer_models(Script().send(json_answer(401, R"({"error":{"message":"no"}})")));
  const CommandOutcome outcome = doctor(upstream.url(), ", api_key: sk-canary-0123456789");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("ok    provider main: connection: "),
                    HasSubstr("fail  provider main: models: "), Not(HasSubstr("canary"))));
}

TEST_F(DoctorCommand, WaitsForASilentUpstreamNoLongerThanItsPatience) {
  ScriptedUpstream upstream;
  upstream.answer_models(Script().stall());
  const config::Loaded loaded = config::load_text(doctored_yaml(upstream.url()), "f",
                                                  [](std::string_view) { return std::nullopt; });
  const app::Findings findings = app::examine_upstream(*loaded.settings, 0, milliseconds(1));
  EXPECT_EQ(app::worst_of(findings), Grade::kFail);
}

// The certificate is for a day.
TEST_F(DoctorCommand, WarnsOfCertificatesThatEndSoon) {
  const TestPki pki;
  const ScriptedUpstream upstream(pki.server_context());
  const CommandOutcome outcome =
      doctor(upstream.url(), ", network: {tls: {verify: \"" + pki.ca_file() + "\"}}",
             "server: {port: 1, tls_certfile: " + pki.certificate_file() +
                 ", tls_keyfile: " + pki.key_file() + "}\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("fail  provider main: its certificate: "),
                                 HasSubstr("fail  server.tls_certfile "),
                                 HasSubstr("ok    provider main: connection")));
}

TEST_F(DoctorCommand, WarnsOfSecretsThatEverybodyMayRead) {
  const ScriptedUpstream upstream;
  const std::string path =
      directory.write("run.yaml", doctored_yaml(upstream.url(), ", api_key: sk-canary-0123456789"));
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(run_command({"doctor", path}).out,
              AllOf(HasSubstr("warn  keys in the configuration: "), HasSubstr("chmod o= " + path)));
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_THAT(run_command({"doctor", path}).out, HasSubstr("ok    keys in the configuration: "));
}

TEST_F(DoctorCommand, FailsWhereTheServerWouldNotStart) {
  const ScriptedUpstream upstream;
  const CommandOutcome outcome =
      doctor(upstream.url(), "", "server: {port: 1, access_log: /nowhere/access.log}\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("fail  start: the access log cannot be written"));
  EXPECT_EQ(run_command({"doctor", directory.path_of("none.yaml")}).status, 2);
}

TEST_F(DoctorCommand, PrintsItsFindingsAsJson) {
  const ScriptedUpstream upstream;
  const std::string path = directory.write("run.yaml", doctored_yaml(upstream.url()));
  const nlohmann::json report = nlohmann::json::parse(run_command({"doctor", path, "--json"}).out);
  EXPECT_NE(report["status"], "fail");
  bool lists = false;
  for (const nlohmann::json& finding : report["findings"]) {
    lists = lists || (finding["subject"] == "provider main: models" && finding["status"] == "ok");
  }
  EXPECT_TRUE(lists) << report;
}

TEST(Diagnosis, GradesTheEndOfACertificateByTheDaysLeft) {
  const WallTime now = WallTime{} + days(20'000);
  const auto grade = [&](auto left) {
    return app::certificate_finding("c", now + left, now).grade;
  };
  EXPECT_EQ(grade(days(30)), Grade::kOk);
  EXPECT_EQ(grade(days(30) - seconds(1)), Grade::kWarn);
  EXPECT_EQ(grade(days(7)), Grade::kWarn);
  EXPECT_EQ(grade(days(7) - seconds(1)), Grade::kFail);
  EXPECT_THAT(app::certificate_finding("c", now - days(1), now).message,
              HasSubstr("ended on 2024-10-03"));
}

TEST(Diagnosis, GradesTheClockByItsDifference) {
  const WallTime now = WallTime{} + days(20'000);
  const auto grade = [&](auto apart) { return app::clock_finding("c", now + apart, now).grade; };
  EXPECT_EQ(grade(seconds(59)), Grade::kOk);
  EXPECT_EQ(grade(seconds(-61)), Grade::kWarn);
  EXPECT_EQ(grade(seconds(301)), Grade::kFail);
}

TEST(Diagnosis, ReadsTheCoresOfAControlGroup) {
  EXPECT_EQ(app::cores_of("150000 100000\n"), 1.5);
  EXPECT_EQ(app::cores_of("max 100000\n"), std::nullopt);
  EXPECT_EQ(app::cores_of(""), std::nullopt);
}

}  // namespace
}  // namespace penstock::testing
