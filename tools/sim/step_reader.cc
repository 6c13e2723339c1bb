#include "sim/step_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/text.h"
#include "sim/behaviour.h"

namespace penstock::sim {
namespace {

constexpr std::string_view kActions =
    "`refuse`, `die`, `reset`, `cut`, `answer`, `stall`, `fail` or `behave`";

// A day; also what a step that stalls before the head waits for.
constexpr double kStepMillisecondsMax = 86'400'000;

std::optional<double> milliseconds_in(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"min", 60'000}}};
  for (const auto& [name, milliseconds] : kUnits) {
    if (name == unit) return milliseconds;
  }
  return std::nullopt;
}

// Splits `5s` into the number and what follows it.
std::optional<std::pair<double, std::string_view>> split_number(std::string_view word) {
  double number = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  return std::pair(number, word.substr(static_cast<std::size_t>(stop - word.data())));
}

}  // namespace

Result<Step> StepReader::read() {
  const bool right = [this] {
    if (!take("at")) return wrong("a step begins with `at`, like `at 5 s refuse for 10 s`");
    const std::optional<Step::Time> begin = take_time();
    if (!begin) return wrong("`at` needs a time, like `at 5 s` or `at 200 ms`");
    step_.begin = *begin;
    if (!read_action()) return false;
    step_.everywhere = take("everywhere");
    if (take("for") && !read_duration()) return false;
    if (take("every") && !read_period()) return false;
    if (!at_end()) return wrong("'" + std::string(peek()) + "' is not expected here");
    return check();
  }();
  if (!right) return line_refusal(line_.number, problem_);
  if (!step_.is_of_door()) step_.changes = text_of(changes_);
  return std::move(step_);
}

bool StepReader::read_action() {
  const std::string_view action = take();
  if (action == "refuse") return set(DoorState::kRefusing);
  if (action == "die") return set(DoorState::kDead);
  if (action == "reset" && peek() != "after") return set(DoorState::kResetting);
  if (action == "reset" || action == "cut") return read_end(action == "cut" ? "close" : "reset");
  if (action == "answer") return read_answer();
  if (action == "stall") return read_stall();
  if (action == "fail") return read_failure();
  if (action == "behave") return read_behaviour();
  std::string problem = "there is no action '";
  problem.append(action).append("'; use ").append(kActions);
  return wrong(std::move(problem));
}

bool StepReader::read_answer() {
  const std::optional<std::uint64_t> status = take_count();
  if (!status) return wrong("`answer` needs a status, like `answer 503`");
  changes_["status"] = *status;
  if (peek() == "with") {
    Json headers = Json::object();
    while (take("with") || take("and")) {
      const std::string name(take());
      if (at_end()) return wrong("`with` needs the name and the value of a header field");
      headers[name] = std::string(take());
    }
    changes_["headers"] = std::move(headers);
  }
  if (!take("body")) return true;
  if (at_end()) return wrong("`body` needs a JSON object, or a text in double quotes");
  changes_["body"] = std::string(take());
  return true;
}

// `how` is a value of the key `cut`.
bool StepReader::read_end(std::string_view how) {
  changes_["cut"] = how;
  if (!take("after")) return wrong("`cut` needs `after`, like `cut after 3 events`");
  if (take("head")) {
    changes_["cut_after_body_bytes"] = 0;
    return true;
  }
  const std::optional<std::uint64_t> count = take_count();
  const std::string_view unit = take();
  if (count && (unit == "event" || unit == "events")) {
    changes_["cut_after_events"] = *count;
  } else if (count && (unit == "byte" || unit == "bytes")) {
    changes_["cut_after_bytes"] = *count;
  } else {
    return wrong("`after` needs `head`, or a number of `events` or `bytes`");
  }
  return true;
}

bool StepReader::read_stall() {
  if (take("before")) {
    if (!take("head")) return wrong("a stall is `before head`, `after head` or `after N events`");
    changes_["head_delay_ms"] = kStepMillisecondsMax;
    return true;
  }
  if (!take("after")) return wrong("a stall is `before head`, `after head` or `after N events`");
  if (take("head")) {
    changes_["stall_after_events"] = 0;
    return true;
  }
  const std::optional<std::uint64_t> events = take_count();
  if (!events || !(take("events") || take("event"))) {
    return wrong("`after` needs `head`, or a number of `events`");
  }
  changes_["stall_after_events"] = *events;
  return true;
}

bool StepReader::read_failure() {
  std::optional<std::uint64_t> events;
  if (take("after")) events = take_count();
  if (!events || !(take("events") || take("event"))) {
    return wrong("`fail` needs a number of events, like `fail after 1 event with 429`");
  }
  changes_["error_after_events"] = *events;
  if (take("with")) {
    const std::optional<std::uint64_t> status = take_count();
    if (!status) return wrong("`with` needs the status that the error event stands for");
    changes_["error_status"] = *status;
  }
  if (take("as")) changes_["error_event"] = std::string(take());
  return true;
}

bool StepReader::read_behaviour() {
  changes_ = Json::parse(take(), nullptr, false);
  return changes_.is_object() || wrong("`behave` needs a JSON object with the keys of `sim`");
}

bool StepReader::read_duration() {
  if (const std::optional<Step::Time> time = take_time()) {
    step_.length = *time;
    return true;
  }
  const std::optional<std::uint64_t> count = take_count();
  if (!count || !(take("requests") || take("request"))) {
    return wrong("`for` needs a time or a number of requests, like `for 10 s` or `for 3 requests`");
  }
  step_.requests = *count;
  return true;
}

bool StepReader::read_period() {
  const std::optional<Step::Time> time = take_time();
  if (!time) return wrong("`every` needs a time, like `every 1 s`");
  step_.period = *time;
  return true;
}

bool StepReader::check() {
  const bool timed = step_.length != Step::kForEver;
  if (step_.period.count() > 0 && (!timed || step_.length >= step_.period)) {
    return wrong("a step with `every` needs a shorter time after `for`");
  }
  if (step_.is_of_door()) {
    if (step_.requests != Step::kAnyNumber) return wrong("this action lasts a time, not requests");
    return !step_.everywhere || wrong("this action is `everywhere` in any case");
  }
  Behaviour behaviour;
  const Status applied = apply_overrides(text_of(changes_), behaviour);
  return applied || wrong(applied.error().message);
}

bool StepReader::set(DoorState door) {
  step_.door = door;
  return true;
}

bool StepReader::wrong(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

std::string_view StepReader::peek() const {
  return at_end() ? std::string_view() : std::string_view(line_.words[next_]);
}

std::string_view StepReader::take() {
  const std::string_view word = peek();
  if (!at_end()) ++next_;
  return word;
}

bool StepReader::take(std::string_view word) {
  if (at_end() || peek() != word) return false;
  ++next_;
  return true;
}

std::optional<std::uint64_t> StepReader::take_count() {
  const std::optional<std::uint64_t> count = parse_decimal(peek());
  if (count) ++next_;
  return count;
}

// `5 s` or `5s`.
std::optional<Step::Time> StepReader::take_time() {
  const auto split = split_number(peek());
  if (!split) return std::nullopt;
  const bool apart = split->second.empty();
  if (apart && next_ + 1 == line_.words.size()) return std::nullopt;
  const std::string_view unit = apart ? std::string_view(line_.words[next_ + 1]) : split->second;
  const std::optional<double> factor = milliseconds_in(unit);
  if (!factor || split->first * *factor > kStepMillisecondsMax) return std::nullopt;
  next_ += apart ? 2 : 1;
  return Step::Time(static_cast<std::int64_t>(split->first * *factor * 1e6));
}

}  // namespace penstock::sim
