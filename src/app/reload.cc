#include "app/reload.h"

#include <utility>

#include "config/confidential.h"
#include "config/difference.h"

namespace penstock::app {
namespace {

std::string text_of(const config::Change& change) {
  const std::string values = change.before.value_or("none") + " → " + change.after.value_or("none");
  return change.path + ": " + (change.is_secret ? std::string(config::kind_of(change)) : values) +
         " (" + std::string(config::heading_of(change.effect)) + ")";
}

void mask(std::vector<std::string>& lines, const config::Settings& settings) {
  const Confidential confidential = config::confidential_of(settings);
  for (std::string& line : lines) confidential.mask(line);
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
  const std::shared_ptr<const config::Settings> before = service_.settings();
  Outcome outcome = take(*before, wanted);
  mask(outcome.lines, *before);
  if (wanted.settings != nullptr) mask(outcome.lines, *wanted.settings);
  if (outcome.is_served) {
    for (const std::string& line : outcome.lines) log_.info(line);
    log_.info("the configuration is reloaded");
    return outcome;
  }
  service_.reload_refused();
  for (const std::string& problem : outcome.lines) log_.error(problem);
  log_.error(
      "the new configuration is not served because of the problems above; the one before "
      "stays");
  return outcome;
}

Reload::Outcome Reload::take(const config::Settings& before, const ConfigurationToServe& wanted) {
  if (wanted.settings == nullptr) return {.is_served = false, .lines = wanted.problems};
  for (const std::string& warning : wanted.problems) log_.warning(warning);
  const std::vector<config::Change> changes = config::changes_between(before, *wanted.settings);
  std::vector<std::string> problems = needing_restart(changes);
  if (problems.empty()) problems = Service::faults_of(*wanted.settings);
  if (!problems.empty()) return {.is_served = false, .lines = std::move(problems)};
  if (Status serving = service_.reload(wanted.settings); !serving) {
    return {.is_served = false, .lines = {serving.error().message}};
  }
  Outcome outcome{.is_served = true, .lines = {}};
  for (const config::Change& change : changes) outcome.lines.push_back(text_of(change));
  if (changes.empty()) outcome.lines.emplace_back("nothing has changed");
  return outcome;
}

}  // namespace penstock::app
