#include "wire/sse_rewriter.h"

#include <algorithm>
#include <string>

#include "wire/scan.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kBomBytes = "\xEF\xBB\xBF";
constexpr std::string_view kDataName = "data";
constexpr std::string_view kDataField = "data:";
constexpr std::string_view kDoneData = "[DONE]";

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

SseRewriter::SseRewriter(std::string_view model, DoneEvent done, std::size_t event_bytes_max)
    : json_(model), done_(done), event_bytes_max_(event_bytes_max) {}

Status SseRewriter::feed(std::string_view piece, std::string& out) {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  while (at != end) {
    if (feed_ != Feed::kNone) {
      if (*at == '\n') {
        if (feed_ == Feed::kPass) pass("\n", out);
        ++at;
      }
      feed_ = Feed::kNone;
      continue;
    }
    const std::size_t room = event_bytes_max_ - event_bytes_;
    if (room == 0) {
      return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                                     "The upstream sent an event of more than " +
                                         std::to_string(event_bytes_max_) + " bytes.")
                         .at_limit(Limit::kEventBytes));
    }
    if (line_ == Line::kStart && is_line_end(*at)) {
      end_event(*at++, out);
      event_bytes_ = 0;
      continue;
    }
    const char* const limit = at + std::min(static_cast<std::size_t>(end - at), room);
    const char* const next = step(at, limit, out);
    event_bytes_ += static_cast<std::size_t>(next - at);
    at = next;
  }
  return {};
}

void SseRewriter::finish(std::string& out) {
  if (is_done()) {
    saw_done_ = true;
    if (holding_) {
      held_.clear();
      line_ = Line::kStart;
    }
  } else if (data_ != Data::kNone) {
    ++events_;
  }
  release(out);
  json_.finish(out);
}

bool SseRewriter::at_event_boundary() const {
  if (event_open_) return false;
  return holding_ || line_ == Line::kStart || (line_ == Line::kBom && matched_ == 0);
}

const char* SseRewriter::step(const char* at, const char* end, std::string& out) {
  switch (line_) {
    case Line::kBom:
      return match_bom(at, out);
    case Line::kStart:
      return start_line(at, end, out);
    case Line::kName:
      return match_name(at, out);
    case Line::kSpace:
      line_ = Line::kData;
      if (*at != ' ') return at;
      pass(" ", out);
      return at + 1;
    case Line::kData:
      return take_data(at, end, out);
    case Line::kOther:
      return take_other(at, end, out);
  }
  return end;
}

const char* SseRewriter::match_bom(const char* at, std::string& out) {
  if (*at != kBomBytes[matched_]) {
    // A part of the mark is the start of a line like any other.
    line_ = matched_ == 0 ? Line::kStart : Line::kOther;
    event_open_ = matched_ != 0;
    return at;
  }
  pass(between(at, at + 1), out);
  if (++matched_ == kBomBytes.size()) line_ = Line::kStart;
  return at + 1;
}

// The first byte of a line that is not empty.
const char* SseRewriter::start_line(const char* at, const char* end, std::string& out) {
  // The line that nearly every event consists of, where enough of it is there: JSON data.
  const std::string_view line = between(at, end);
  if (data_ == Data::kNone && line.size() > kDataField.size() + 1 && line.starts_with(kDataField)) {
    const char* const data = at + kDataField.size() + (line[kDataField.size()] == ' ' ? 1 : 0);
    if (*data == '{') {
      data_ = Data::kJson;
      event_open_ = true;
      line_ = Line::kData;
      out.append(at, data);
      return data;
    }
  }
  if (*at == ':') {
    line_ = Line::kOther;
    return at;
  }
  matched_ = 0;
  line_ = Line::kName;
  if (*at == kDataName.front() && data_ == Data::kNone && done_ == DoneEvent::kStrip) {
    holding_ = true;
  }
  if (!holding_) event_open_ = true;
  return at;
}

const char* SseRewriter::match_name(const char* at, std::string& out) {
  const bool whole = matched_ == kDataName.size();
  if (whole && (*at == ':' || is_line_end(*at))) {
    begin_data_line(out);
    line_ = Line::kData;
    if (*at != ':') return at;
    line_ = Line::kSpace;
  } else if (!whole && *at == kDataName[matched_]) {
    ++matched_;
  } else {
    if (data_ == Data::kNone) release(out);
    line_ = Line::kOther;
    return at;
  }
  pass(between(at, at + 1), out);
  return at + 1;
}

void SseRewriter::begin_data_line(std::string& out) {
  if (data_ == Data::kNone) {
    data_ = Data::kMaybeDone;
    done_matched_ = 0;
  } else if (data_ == Data::kMaybeDone) {
    // Data of two lines is not [DONE], whatever the second holds.
    data_ = done_matched_ == 0 ? Data::kJson : Data::kArray;
    release(out);
  }
}

const char* SseRewriter::take_data(const char* at, const char* end, std::string& out) {
  const char* const stop = find_any<'\n', '\r'>(at, end);
  std::string_view data = between(at, stop);
  if (data_ == Data::kMaybeDone) data = match_done(data, out);
  if (data_ == Data::kJson) {
    json_.feed(data, out);
  } else {
    pass(data, out);
  }
  if (stop == end) return end;
  // Before the line end passes: whatever is held belongs to this line.
  if (data_ == Data::kJson) json_.line_break(out);
  end_line(*stop, out);
  return stop + 1;
}

// Takes what goes on with [DONE] from the front of `data`, and returns the rest. Where there is a
// rest, the question is decided.
std::string_view SseRewriter::match_done(std::string_view data, std::string& out) {
  const std::string_view expected = kDoneData.substr(done_matched_);
  const auto differ = std::mismatch(data.begin(), data.end(), expected.begin(), expected.end());
  const auto same = static_cast<std::size_t>(differ.first - data.begin());
  pass(data.substr(0, same), out);
  done_matched_ += static_cast<std::uint8_t>(same);
  data.remove_prefix(same);
  if (!data.empty()) {
    data_ = done_matched_ == 0 ? Data::kJson : Data::kArray;
    release(out);
  }
  return data;
}

const char* SseRewriter::take_other(const char* at, const char* end, std::string& out) {
  const char* const stop = find_any<'\n', '\r'>(at, end);
  pass(between(at, stop), out);
  if (stop == end) return end;
  end_line(*stop, out);
  return stop + 1;
}

void SseRewriter::end_line(char line_end, std::string& out) {
  pass(std::string_view(&line_end, 1), out);
  line_ = Line::kStart;
  if (line_end == '\r') feed_ = Feed::kPass;
}

// At the empty line behind an event.
void SseRewriter::end_event(char line_end, std::string& out) {
  const bool done = is_done();
  const bool dropped = done && holding_;
  const bool leaves_nothing = dropped && !event_open_;
  if (dropped) held_.clear();
  release(out);
  if (data_ == Data::kJson) json_.finish(out);
  if (done) {
    saw_done_ = true;
  } else if (data_ != Data::kNone) {
    ++events_;
  }
  if (!leaves_nothing) pass(std::string_view(&line_end, 1), out);
  if (line_end == '\r') feed_ = leaves_nothing ? Feed::kDrop : Feed::kPass;
  data_ = Data::kNone;
  event_open_ = false;
}

bool SseRewriter::is_done() const {
  return data_ == Data::kMaybeDone && done_matched_ == kDoneData.size();
}

void SseRewriter::pass(std::string_view bytes, std::string& out) {
  (holding_ ? held_ : out).append(bytes);
}

void SseRewriter::release(std::string& out) {
  if (!holding_) return;
  holding_ = false;
  if (held_.empty()) return;
  event_open_ = true;
  out.append(held_);
  held_.clear();
}

}  // namespace penstock::wire
