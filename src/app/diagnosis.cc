#include "app/diagnosis.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "core/json_writer.h"

namespace penstock::app {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr days kWarnBefore{30};
constexpr days kFailBefore{7};
constexpr minutes kClockWarn{1};
constexpr minutes kClockFail{5};

std::string_view name_of(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::kOk:
      return "ok";
    case Finding::Grade::kWarn:
      return "warn";
    case Finding::Grade::kFail:
      return "fail";
  }
  return "fail";
}

}  // namespace

Finding::Grade worst_of(const Findings& findings) {
  Finding::Grade worst = Finding::Grade::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.grade);
  return worst;
}

std::string text_of(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += fmt::format("{:<5} {}: {}\n", name_of(finding.grade), finding.subject, finding.message);
    if (!finding.advice.empty()) out += fmt::format("      {}\n", finding.advice);
  }
  return out;
}

std::string json_of(const Findings& findings) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("status", name_of(worst_of(findings))).key("findings");
  writer.begin_array();
  for (const Finding& finding : findings) {
    writer.begin_object()
        .member("status", name_of(finding.grade))
        .member("subject", finding.subject)
        .member("message", finding.message)
        .member("advice", finding.advice)
        .end_object();
  }
  writer.end_array().end_object();
  return out + "\n";
}

Finding certificate_finding(std::string subject, WallTime end, WallTime now) {
  const auto left = std::chrono::floor<days>(end - now);
  const std::string date = fmt::format("{:%Y-%m-%d}", std::chrono::floor<seconds>(end));
  Finding finding{.subject = std::move(subject), .message = {}};
  if (end <= now) {
    finding.message = "the certificate ended on " + date;
  } else {
    finding.message = fmt::format("the certificate ends on {}, in {} days", date, left.count());
  }
  if (end - now >= kWarnBefore) return finding;
  finding.grade = end - now < kFailBefore ? Finding::Grade::kFail : Finding::Grade::kWarn;
  finding.advice = "Renew it, or ask whoever runs the server to.";
  return finding;
}

Finding clock_finding(std::string subject, WallTime theirs, WallTime ours) {
  const auto apart = std::chrono::round<seconds>(ours > theirs ? ours - theirs : theirs - ours);
  Finding finding{.subject = std::move(subject),
                  .message = fmt::format("this machine's clock is {} s {} the upstream's",
                                         apart.count(), ours > theirs ? "ahead of" : "behind")};
  if (apart < kClockWarn) return finding;
  finding.grade = apart < kClockFail ? Finding::Grade::kWarn : Finding::Grade::kFail;
  finding.advice = "Let this machine's clock be set (`timedatectl`): certificates depend on it.";
  return finding;
}

}  // namespace penstock::app
