#include "answer_check.h"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

namespace penstock::load {
namespace {

constexpr std::string_view kData = "data: ";
constexpr std::string_view kDone = "[DONE]";
constexpr std::string_view kContent = "\"content\":\"";
constexpr std::string_view kError = "{\"error\":";
constexpr std::string_view kStamp = "\"stamp_ns\":";

// Of an event of a chat: text that is not empty.
bool has_content(std::string_view event) {
  const std::size_t at = event.find(kContent);
  const std::size_t text = at + kContent.size();
  return at != std::string_view::npos && text < event.size() && event[text] != '"';
}

bool is_json_object(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, false).is_object();
}

// Removes the stamp, the last member, from the end of an event; what remains is the object before
// it.
std::optional<std::uint64_t> take_stamp(std::string_view& event) {
  // No stamp is further from the end than this.
  constexpr std::size_t kTailBytes = kStamp.size() + 24;
  const std::size_t tail = event.size() > kTailBytes ? event.size() - kTailBytes : 0;
  const std::size_t at = event.find(kStamp, tail);
  if (at == std::string_view::npos) return std::nullopt;
  const char* const end = event.data() + event.size();
  std::uint64_t stamp = 0;
  const auto [after, error] = std::from_chars(event.data() + at + kStamp.size(), end, stamp);
  if (error != std::errc{} || after + 1 != end) return std::nullopt;
  event = event.substr(0, at);
  return stamp;
}

}  // namespace

AnswerCheck::AnswerCheck(const Options& options, Reference& reference, EventListener& listener)
    : options_(options), reference_(reference), listener_(listener) {}

void AnswerCheck::begin() {
  recording_ = options_.check == Check::kExact && !options_.hold && !reference_.complete;
  recorded_.clear();
  fault_.clear();
  line_.clear();
  part_ = 0;
  last_stamp_ns_ = 0;
  done_ = false;
  content_ = false;
  error_ = false;
  offset_ = 0;
  first_ = last_ = 0;
}

void AnswerCheck::take(std::string_view data) {
  if (!options_.stream) return take_whole(data);
  while (!data.empty()) {
    const std::size_t end = data.find('\n');
    if (end == std::string_view::npos) {
      line_.append(data);
      return;
    }
    if (line_.empty()) {
      take_line(data.substr(0, end));
    } else {
      line_.append(data.substr(0, end));
      take_line(line_);
      line_.clear();
    }
    data.remove_prefix(end + 1);
  }
}

void AnswerCheck::take_whole(std::string_view data) {
  if (data.empty()) return;
  if (offset_ == 0) first_ = data.front();
  // Some writers end their JSON with a line feed.
  const std::size_t last = data.find_last_not_of(" \t\r\n");
  if (last != std::string_view::npos) last_ = data[last];
  if (recording_) {
    if (recorded_.empty()) recorded_.emplace_back();
    recorded_.front().append(data);
  } else if (options_.check == Check::kExact) {
    const std::string_view expected = reference_.parts.front();
    if (offset_ > expected.size() || expected.substr(offset_, data.size()) != data) {
      fail("the body differs from the first one near byte " + std::to_string(offset_));
    }
  }
  offset_ += data.size();
}

void AnswerCheck::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || line.starts_with(':')) return;
  if (line.starts_with(kData)) return take_event(line.substr(kData.size()));
  if (options_.check == Check::kExact) fail("a line of the stream is neither data nor a comment");
}

void AnswerCheck::take_event(std::string_view data) {
  if (done_) fail("an event came after [DONE]");
  const bool is_done = data == kDone;
  const bool is_object = data.starts_with('{') && data.ends_with('}');
  if (!is_done && !is_object) {
    fail("event " + std::to_string(part_) + " is not a JSON object");
  }
  done_ = done_ || is_done;
  const std::optional<std::uint64_t> stamp_ns = take_stamp(data);
  if (stamp_ns && *stamp_ns < last_stamp_ns_) {
    fail("event " + std::to_string(part_) + " is older than the one before it");
  }
  last_stamp_ns_ = stamp_ns.value_or(last_stamp_ns_);
  content_ = content_ || has_content(data);
  error_ = data.starts_with(kError);
  listener_.on_event(stamp_ns);
  compare(data);
  ++part_;
}

void AnswerCheck::compare(std::string_view part) {
  if (recording_) {
    recorded_.emplace_back(part);
  } else if (options_.check == Check::kExact && reference_.complete) {
    const bool is_equal = part_ < reference_.parts.size() && reference_.parts[part_] == part;
    if (!is_equal) fail("event " + std::to_string(part_) + " differs from the first stream's");
  }
}

bool AnswerCheck::finish() {
  if (options_.stream) {
    finish_stream();
  } else {
    finish_whole();
  }
  if (!fault_.empty()) return false;
  // Another connection may have been faster: this answer must then equal that one.
  if (recording_ && reference_.complete && recorded_ != reference_.parts) {
    fail("the answer differs from the first one");
    return false;
  }
  if (recording_ && !reference_.complete) {
    reference_.parts = std::exchange(recorded_, {});
    reference_.complete = true;
  }
  return true;
}

void AnswerCheck::finish_whole() {
  if (first_ != '{' || last_ != '}') {
    fail("the body is not a JSON object");
  } else if (recording_) {
    if (!is_json_object(recorded_.front())) fail("the body is not JSON");
  } else if (options_.check == Check::kExact && offset_ != reference_.parts.front().size()) {
    fail("the length of the body differs from the first one");
  }
}

void AnswerCheck::finish_stream() {
  if (!line_.empty()) fail("the stream ends inside a line");
  if (!done_) fail("the stream has no [DONE]");
  if (options_.events != 0 && part_ != options_.events) {
    fail("the stream has " + std::to_string(part_) + " events");
  }
  if (!recording_ && options_.check == Check::kExact && part_ != reference_.parts.size()) {
    fail("the stream has " + std::to_string(part_) + " events, the first one had " +
         std::to_string(reference_.parts.size()));
  }
}

// The first fault counts: the others may follow from it.
void AnswerCheck::fail(std::string what) {
  if (fault_.empty()) fault_ = std::move(what);
}

}  // namespace penstock::load
