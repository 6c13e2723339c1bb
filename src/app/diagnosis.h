#pragma once

// What `penstock doctor` has found: one finding for each thing that it looked at.

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"

namespace penstock::app {

struct Finding {
  enum class Grade : std::uint8_t { kOk, kWarn, kFail };

  Grade grade = Grade::kOk;
  std::string subject;      // "provider main: models"
  std::string message;      // what is so
  std::string advice = {};  // what to do; empty if nothing is wrong
};

using Findings = std::vector<Finding>;

// The worst of them.
Finding::Grade worst_of(const Findings& findings);

// A line for each, `ok    subject: message`, with its advice below.
std::string text_of(const Findings& findings);
// {"status":…,"findings":[{"status":…,"subject":…,"message":…,"advice":…}]}
std::string json_of(const Findings& findings);

// A certificate that ends within 30 days is a warning, and within 7 days a failure.
Finding certificate_finding(std::string subject, WallTime end, WallTime now);

// The clock of this machine against that of an upstream, as its Date field has it: more than a
// minute is a warning, and more than five a failure, as tokens and certificates are refused then.
Finding clock_finding(std::string subject, WallTime theirs, WallTime ours);

}  // namespace penstock::app
