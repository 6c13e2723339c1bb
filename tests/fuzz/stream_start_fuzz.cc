// The reader of a stream's first events: it finds the same events however the stream is cut, and
// an event with data that says nothing known is content.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "require.h"
#include "wire/apis/stream_start.h"
#include "wire/sse/whole_event.h"

namespace {

using namespace penstock::wire;
using penstock::fuzz::require;

std::vector<std::string> split(std::string_view stream, std::size_t piece_bytes) {
  std::vector<std::string> events(1);
  EventSplitter splitter;
  while (!stream.empty()) {
    std::string_view piece = stream.substr(0, piece_bytes);
    stream.remove_prefix(piece.size());
    while (const auto end = splitter.next(piece)) {
      require(*end > 0 && *end <= piece.size());
      events.back().append(piece.substr(0, *end));
      piece.remove_prefix(*end);
      events.emplace_back();
    }
    events.back().append(piece);
  }
  return events;
}

// Of the events that have some.
std::vector<std::string> data_of(const std::vector<std::string>& events) {
  std::vector<std::string> data;
  for (const std::string& event : events) {
    WholeEvent read = read_event(event);
    if (read.has_data) data.push_back(std::move(read.data));
  }
  return data;
}

void check_kinds(std::string_view event) {
  const bool has_data = read_event(event).has_data;
  for (const Api api : {Api::kCompletions, Api::kResponses, Api::kMessages}) {
    if (!has_data) require(kind_of_event(api, event) == EventKind::kStartUp);
  }
  for (const Api api : {Api::kImages, Api::kOther}) {
    if (has_data) require(kind_of_event(api, event) != EventKind::kStartUp);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> events = split(stream, std::max<std::size_t>(size, 1));
  std::string joined;
  for (const std::string& event : events) {
    joined += event;
    check_kinds(event);
  }
  require(joined == stream);
  for (const std::size_t piece_bytes : {1, 3}) {
    require(data_of(split(stream, piece_bytes)) == data_of(events));
  }
  return 0;
}
