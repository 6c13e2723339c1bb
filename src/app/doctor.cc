#include "app/doctor.h"

#include <algorithm>
#include <csignal>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "app/configuration.h"
#include "app/diagnosis.h"
#include "app/doctor_machine.h"
#include "app/doctor_upstream.h"
#include "app/service.h"
#include "config/confidential.h"

namespace penstock::app {
namespace {

// Upstreams that are examined at once, each by a thread.
constexpr std::size_t kUpstreamsAtOnce = 16;

void append(Findings& to, Findings findings) {
  to.insert(to.end(), std::make_move_iterator(findings.begin()),
            std::make_move_iterator(findings.end()));
}

// What `check` says: files and the host.
Findings examine_start(const config::Settings& settings) {
  Findings findings;
  for (std::string& fault : Service::faults_of(settings)) {
    findings.push_back({.grade = Finding::Grade::kFail,
                        .subject = "start",
                        .message = std::move(fault),
                        .advice = "The server does not start until this is corrected."});
  }
  if (findings.empty()) {
    findings.push_back({.subject = "start", .message = "files, logs and the host can be used"});
  }
  return findings;
}

// In the file's order, however long each takes.
Findings examine_upstreams(const config::Settings& settings) {
  Findings findings;
  const std::size_t count = settings.providers.size();
  for (std::size_t begin = 0; begin < count; begin += kUpstreamsAtOnce) {
    std::vector<std::future<Findings>> examined;
    for (std::size_t i = begin; i < std::min(count, begin + kUpstreamsAtOnce); ++i) {
      examined.push_back(
          std::async(std::launch::async, [&settings, i] { return examine_upstream(settings, i); }));
    }
    for (std::future<Findings>& each : examined) append(findings, each.get());
  }
  return findings;
}

}  // namespace

int doctor(const DoctorOptions& options) {
  const std::shared_ptr<config::Settings> settings = load_configuration(options.config);
  if (settings == nullptr) return kMistake;
  std::signal(SIGPIPE, SIG_IGN);
  Findings findings = examine_start(*settings);
  append(findings, examine_upstreams(*settings));
  append(findings, examine_certificates(*settings, SystemClock().wall()));
  append(findings, examine_secrets(*settings, options.config.file));
  append(findings, examine_limits(*settings));
  std::string text = options.json ? json_of(findings) : text_of(findings);
  config::confidential_of(*settings).mask(text);
  std::cout << text;
  return worst_of(findings) == Finding::Grade::kFail ? kFailed : kSuccess;
}

}  // namespace penstock::app
