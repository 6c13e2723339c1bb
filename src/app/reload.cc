#include "app/reload.h"

#include <utility>

#include "app/configuration.h"
#include "config/credentials.h"

namespace penstock::app {
namespace {

std::string text_of(const config::Change& change) {
  const std::string before = change.before.value_or("none");
  const std::string after = change.after.value_or("none");
  return change.path + ": " + (change.is_secret ? "changed" : before + " → " + after) + " (" +
         std::string(config::heading_of(change.effect)) + ")";
}

std::vector<std::string> needing_restart(const std::vector<config::Change>& changes) {
  std::vector<std::string> lines;
  for (const config::Change& change : changes) {
    if (change.effect == config::Effect::kNeedsRestart) lines.push_back(text_of(change));
  }
  return lines;
}

}  // namespace

Reload::Outcome Reload::run() {
  ConfigurationToServe wanted = configuration_to_serve(options_);
  if (wanted.settings == nullptr) return refused(std::move(wanted.problems));
  for (const std::string& warning : wanted.problems) log_.warning(warning);
  const std::shared_ptr<const config::Settings> before = service_.settings();
  const std::vector<config::Change> changes = config::changes_between(*before, *wanted.settings);
  std::vector<std::string> problems = needing_restart(changes);
  if (problems.empty()) problems = Service::faults_of(*wanted.settings);
  if (!problems.empty()) {
    const SecretGuard secrets = config::guard_credentials(*wanted.settings);
    for (std::string& problem : problems) secrets.mask(problem);
    return refused(std::move(problems));
  }
  if (Status serving = service_.reload(wanted.settings); !serving) {
    return refused({serving.error().message});
  }
  Outcome outcome = served(changes);
  outcome.files = std::move(wanted.files);
  return outcome;
}

Reload::Outcome Reload::refused(std::vector<std::string> problems) {
  for (const std::string& problem : problems) log_.error(problem);
  service_.reload_refused();
  log_.error(
      "the new configuration is not served because of the problems above; the one before "
      "stays");
  return {.is_served = false, .lines = std::move(problems), .files = {}};
}

Reload::Outcome Reload::served(const std::vector<config::Change>& changes) {
  std::vector<std::string> lines;
  for (const config::Change& change : changes) lines.push_back(text_of(change));
  if (lines.empty()) lines.emplace_back("nothing has changed but what files contain");
  for (const std::string& line : lines) log_.info(line);
  log_.info("the configuration is reloaded");
  return {.is_served = true, .lines = std::move(lines), .files = {}};
}

}  // namespace penstock::app
