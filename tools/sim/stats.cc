#include "sim/stats.h"

#include <string_view>

namespace penstock::sim {

void Stats::request_ended(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted:
      add(completed_, 1);
      break;
    case Outcome::kCancelled:
      add(cancelled_, 1);
      break;
    case Outcome::kCut:
      add(cut_, 1);
      break;
  }
  add(open_, -1);
}

std::string Stats::to_json() const {
  std::string json = "{";
  const auto append = [&json](std::string_view name, const Count& count) {
    json.append(json.size() > 1 ? ",\"" : "\"").append(name).append("\":");
    json.append(std::to_string(count.load(std::memory_order_relaxed)));
  };
  append("requests", requests_);
  append("open", open_);
  append("completed", completed_);
  append("cancelled", cancelled_);
  append("cut", cut_);
  append("connections", connections_);
  append("open_connections", open_connections_);
  json.push_back('}');
  return json;
}

}  // namespace penstock::sim
