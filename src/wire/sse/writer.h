#pragma once

// Writing server-sent events (WHATWG HTML, section 9.2.6).

#include <string>
#include <string_view>

namespace penstock::wire {

// An event with the name, or without one, and one line of data: JSON without line ends.
inline void append_sse_event(std::string& out, std::string_view name, std::string_view data) {
  if (!name.empty()) out.append("event: ").append(name).push_back('\n');
  out.append("data: ").append(data).append("\n\n");
}

}  // namespace penstock::wire
