#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace penstock::config {

std::string Problem::text() const {
  const std::string_view mark = severity == Severity::kWarning ? "warning: " : "";
  return fmt::format("{}:{}:{}: {}{}", file, line, column, mark, message);
}

void Problems::error(Position position, std::string message) {
  problems_.push_back(
      {Problem::Severity::kError, file_, position.line, position.column, std::move(message)});
}

void Problems::warning(Position position, std::string message) {
  problems_.push_back(
      {Problem::Severity::kWarning, file_, position.line, position.column, std::move(message)});
}

void Problems::conclude(std::string message) {
  conclusion_ = std::move(message);
}

bool Problems::has_errors() const {
  if (!conclusion_.empty()) return true;
  return std::any_of(problems_.begin(), problems_.end(), [](const Problem& problem) {
    return problem.severity == Problem::Severity::kError;
  });
}

std::vector<Problem> Problems::take() {
  const auto place = [](const Problem& problem) { return std::tie(problem.line, problem.column); };
  const auto same = [&](const Problem& a, const Problem& b) {
    return place(a) == place(b) && a.severity == b.severity && a.message == b.message;
  };
  std::stable_sort(problems_.begin(), problems_.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  std::vector<Problem> result;
  for (Problem& problem : problems_) {
    // Sorted, so that a repetition can only be among the last ones of the same position.
    auto last = result.rbegin();
    while (last != result.rend() && place(*last) == place(problem) && !same(*last, problem)) ++last;
    if (last == result.rend() || !same(*last, problem)) result.push_back(std::move(problem));
  }
  problems_.clear();
  if (!conclusion_.empty()) {
    result.push_back({Problem::Severity::kError, file_, 1, 1, std::exchange(conclusion_, {})});
  }
  return result;
}

}  // namespace penstock::config
