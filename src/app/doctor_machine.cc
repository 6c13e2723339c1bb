#include "app/doctor_machine.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "config/credentials.h"
#include "net/certificate.h"

namespace penstock::app {
namespace {

using Grade = Finding::Grade;

// Empty if it cannot be read.
std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_readable_by_others(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

void note_certificate(Findings& findings, const std::string& subject, const std::string& file,
                      WallTime now) {
  if (file.empty()) return;
  const Result<WallTime> end = net::certificate_end(file);
  // Where there is none, `check` says so.
  if (end) findings.push_back(certificate_finding(subject + " (" + file + ")", *end, now));
}

void note_private_file(Findings& findings, const std::string& subject, const std::string& file) {
  if (file.empty()) return;
  if (!is_readable_by_others(file)) {
    findings.push_back({.subject = subject, .message = file + " is not readable by everybody"});
    return;
  }
  findings.push_back({.grade = Grade::kWarn,
                      .subject = subject,
                      .message = file + " is readable by everybody",
                      .advice = "chmod o= " + file});
}

bool has_secret(const std::string& text, const config::Settings& settings) {
  std::string masked = text;
  config::guard_credentials(settings).mask(masked);
  return masked != text;
}

Finding descriptor_finding(const config::Settings& settings) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t wanted = 2 * settings.server.limits.connections;
  Finding finding{.subject = "descriptors",
                  .message = fmt::format("at most {}; server.limits.connections may take {}",
                                         limit.rlim_max, wanted)};
  if (limit.rlim_max >= wanted) return finding;
  finding.grade = Grade::kWarn;
  finding.advice = fmt::format(
      "Raise the hard limit where the server runs (LimitNOFILE={} in a unit), or lower "
      "server.limits.connections.",
      wanted);
  return finding;
}

Finding cores_finding(const config::Settings& settings) {
  const std::size_t threads = settings.server.threads > 0
                                  ? settings.server.threads
                                  : std::max(1u, std::thread::hardware_concurrency());
  const std::optional<double> allowed = cores_of(content_of("/sys/fs/cgroup/cpu.max"));
  Finding finding{.subject = "cores", .message = fmt::format("{} I/O threads", threads)};
  if (!allowed || std::ceil(*allowed) >= static_cast<double>(threads)) return finding;
  finding.grade = Grade::kWarn;
  finding.message += fmt::format(", but the control group allows {:.1f} cores", *allowed);
  finding.advice = fmt::format("Set server.threads to {}.", std::ceil(*allowed));
  return finding;
}

// 2: memory that is only reserved counts, too, and allocations fail early (proc_sys_vm(5)).
Finding overcommit_finding() {
  Finding finding{.subject = "memory", .message = "the system gives memory when it is used"};
  if (!content_of("/proc/sys/vm/overcommit_memory").starts_with('2')) return finding;
  finding.grade = Grade::kWarn;
  finding.message = "the system counts memory that is only reserved (vm.overcommit_memory=2)";
  finding.advice = "Leave room for the threads' stacks, or set it to 0.";
  return finding;
}

// Connections that wait while the server is busy; the kernel's default is 4096.
Finding backlog_finding() {
  constexpr int kBacklogLeast = 1024;
  int backlog = 0;
  std::istringstream(content_of("/proc/sys/net/core/somaxconn")) >> backlog;
  Finding finding{.subject = "backlog",
                  .message = fmt::format("{} connections may wait to be accepted", backlog)};
  if (backlog == 0 || backlog >= kBacklogLeast) return finding;
  finding.grade = Grade::kWarn;
  finding.advice = "sysctl net.core.somaxconn=4096";
  return finding;
}

}  // namespace

Findings examine_certificates(const config::Settings& settings, WallTime now) {
  Findings findings;
  note_certificate(findings, "server.tls_certfile", settings.server.tls_certfile, now);
  for (const config::Provider& provider : settings.providers) {
    note_certificate(findings, "provider " + provider.id + ": client certificate",
                     provider.tls.client_cert, now);
  }
  return findings;
}

Findings examine_secrets(const config::Settings& settings, const std::string& file) {
  Findings findings;
  note_private_file(findings, "server.tls_keyfile", settings.server.tls_keyfile);
  for (const config::Provider& provider : settings.providers) {
    note_private_file(findings, "provider " + provider.id + ": client key",
                      provider.tls.client_key);
  }
  if (!file.empty() && has_secret(content_of(file), settings)) {
    note_private_file(findings, "keys in the configuration", file);
  }
  return findings;
}

Findings examine_limits(const config::Settings& settings) {
  return {descriptor_finding(settings), cores_finding(settings), overcommit_finding(),
          backlog_finding()};
}

std::optional<double> cores_of(std::string_view cpu_max) {
  std::istringstream input{std::string(cpu_max)};
  double quota = 0;
  double period = 0;
  if (!(input >> quota >> period) || period <= 0) return std::nullopt;  // `max 100000`
  return quota / period;
}

}  // namespace penstock::app
