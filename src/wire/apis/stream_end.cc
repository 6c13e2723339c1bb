#include "wire/apis/stream_end.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "wire/json/blank.h"
#include "wire/json/bytes.h"
#include "wire/json/key.h"

namespace penstock::wire {
namespace {

constexpr std::uint32_t kPartsInAWord = 64;

bool ends(EventRule::Meaning meaning) {
  return meaning == EventRule::Meaning::kStreamEnds ||
         meaning == EventRule::Meaning::kStreamIsWhole;
}

std::string_view without_space(std::string_view spelled) {
  while (!spelled.empty() && is_json_space(spelled.front())) spelled.remove_prefix(1);
  while (!spelled.empty() && is_json_space(spelled.back())) spelled.remove_suffix(1);
  return spelled;
}

// The part's number that `spelled` states, as a JSON number: 1, 1.0 and 1e0 are the same.
std::optional<std::uint32_t> read_index(std::string_view spelled) {
  spelled = without_space(spelled);
  double number = 0;
  const char* const end = spelled.data() + spelled.size();
  const auto read = std::from_chars(spelled.data(), end, number);
  if (read.ec == std::errc::result_out_of_range) return StreamEnd::kPartsMax;
  if (read.ec != std::errc() || read.ptr != end || !(number >= 0)) return std::nullopt;
  if (number >= StreamEnd::kPartsMax) return StreamEnd::kPartsMax;
  const auto index = static_cast<std::uint32_t>(number);
  if (index != number) return std::nullopt;
  return index;
}

}  // namespace

StreamEnd::Watch StreamEnd::find_named(const WatchedKeys& keys, std::string_view spelled,
                                       bool escaped) {
  for (std::size_t i = 0; i < keys.count; ++i) {
    if (is_json_key(spelled, escaped, keys.keys[i].name)) return keys.keys[i].watch;
  }
  return kNothing;
}

// Applies each rule of the watched place and key.
template <class Holds>
void StreamEnd::judge(Watch watch, Holds holds) {
  if (watch == kParts) return begin_parts();  // of two arrays of parts the last counts
  if (watch == kPartIndex) {
    part_.index = next_position_;
    return;
  }
  if (watch < WatchedKeys::kFirstRule) return;
  const std::size_t first = watch - WatchedKeys::kFirstRule;
  const EventRule& named = law_.rules[first];
  for (std::size_t i = first; i < law_.rules.size(); ++i) {
    const EventRule& rule = law_.rules[i];
    if (rule.place != named.place || rule.key != named.key) break;
    std::uint32_t& said = rule.place == EventRule::Place::kPart ? part_said_ : said_;
    const std::uint32_t bit = std::uint32_t{1} << i;
    said = holds(rule) ? said | bit : said & ~bit;
  }
}

void StreamEnd::says_nothing(Watch watch) {
  judge(watch, [](const EventRule&) { return false; });
}

void StreamEnd::text(Watch watch, std::string_view spelled, bool escaped) {
  // A number in quotes also distinguishes parts.
  if (watch == kPartIndex) return take_scalar(watch, spelled);
  judge(watch, [&](const EventRule& rule) {
    const bool is_listed = std::ranges::any_of(
        rule.texts, [&](std::string_view text) { return is_json_key(spelled, escaped, text); });
    return rule.value == EventRule::Value::kIs ? is_listed : !is_listed && !is_blank(spelled);
  });
}

void StreamEnd::object(Watch watch, Object object) {
  judge(watch, [&](const EventRule& rule) {
    return rule.value == EventRule::Value::kTextOrObject && object == Object::kFull;
  });
}

void StreamEnd::take_scalar(Watch watch, std::string_view spelled) {
  if (watch == kSequence) {
    spelled = without_space(spelled);
    const char* const end = spelled.data() + spelled.size();
    const auto read = std::from_chars(spelled.data(), end, sequence_);
    sequence_ = read.ec == std::errc() && read.ptr == end ? sequence_ + 1 : 0;
    return;
  }
  if (watch != kPartIndex) return says_nothing(watch);
  if (spelled.size() == 1 && spelled.front() >= '0' && spelled.front() <= '9') {
    part_.index = static_cast<std::uint32_t>(spelled.front() - '0');
    return;
  }
  part_.index = read_index(spelled).value_or(next_position_);
}

// A name counts as an error whatever the data is, and otherwise only with a complete object.
void StreamEnd::take_name(Event event, std::string_view name) {
  bool progress = false;
  for (const EventRule& rule : law_.rules) {
    if (rule.place != EventRule::Place::kName) continue;
    const bool is_listed = std::ranges::find(rule.texts, name) != rule.texts.end();
    if (is_listed != (rule.value == EventRule::Value::kIs)) continue;
    if (rule.meaning == EventRule::Meaning::kError) {
      count_error();
    } else if (event != Event::kComplete) {
      continue;
    }
    if (rule.meaning == EventRule::Meaning::kStreamEnds) ended_ = true;
    if (ends(rule.meaning)) whole_ = true;
    progress = true;
  }
  if (progress) ++progress_;
}

// Before it counts as progress.
void StreamEnd::count_error() {
  if (!error_) error_came_first_ = progress_ == 0;
  error_ = true;
}

void StreamEnd::end_part() {
  part_.ended = (part_said_ & law_.part_end_rules) != 0;
  ++next_position_;
  if (pending_count_++ == 0) {
    pending_ = part_;
    more_pending_.clear();
  } else if (more_pending_.size() < kPartsMax) {
    more_pending_.push_back(part_);
  } else {
    beyond_ = true;
  }
}

void StreamEnd::count(const Part& part) {
  if (part.index >= kPartsMax) {
    beyond_ = true;
    return;
  }
  Parts* word = &parts_;
  if (part.index >= kPartsInAWord) {
    const std::size_t at = part.index / kPartsInAWord - 1;
    if (at >= more_parts_.size()) more_parts_.resize(at + 1);
    word = &more_parts_[at];
  }
  const std::uint64_t bit = std::uint64_t{1} << part.index % kPartsInAWord;
  word->begun |= bit;
  if (part.ended) word->ended |= bit;
}

void StreamEnd::end_event(Event event, std::string_view name) {
  if (!name.empty()) take_name(event, name);
  if (event != Event::kEmpty) data_ = true;
  if (event == Event::kComplete && event_says_something()) {
    if ((said_ & law_.error_rules) != 0) count_error();
    if ((said_ & law_.end_rules) != 0) ended_ = true;
    if ((said_ & (law_.end_rules | law_.whole_rules)) != 0) whole_ = true;
    ++progress_;
    if (pending_count_ > 0) {
      count(pending_);
      if (pending_count_ > 1) std::ranges::for_each(more_pending_, [this](auto& p) { count(p); });
    }
  }
  if (event != Event::kEmpty && !law_.states_its_end) ++progress_;
  if (event == Event::kComplete && sequence_ != 0) next_sequence_ = sequence_;
  sequence_ = 0;
  said_ = 0;
  pending_count_ = 0;
}

bool StreamEnd::end_stream() {
  if (error_ || !data_ || (some_have_ended() && !parts_have_ended())) return false;
  marked_ = true;
  ++progress_;
  return true;
}

bool StreamEnd::parts_have_ended() const {
  const auto ended = [](const Parts& parts) { return parts.begun == parts.ended; };
  return !beyond_ && some_have_ended() && ended(parts_) && std::ranges::all_of(more_parts_, ended);
}

bool StreamEnd::some_have_ended() const {
  const auto any = [](const Parts& parts) { return parts.ended != 0; };
  return any(parts_) || std::ranges::any_of(more_parts_, any);
}

}  // namespace penstock::wire
