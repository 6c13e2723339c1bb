#include "sim/stats.h"

#include "core/text.h"

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

void Stats::answered(int status) {
  add(answers_.at(static_cast<std::size_t>(status)), 1);
}

std::string Stats::to_json(std::string_view name) const {
  std::string json = "{";
  if (!name.empty()) json.append("\"name\":").append(json_quoted(name));
  const auto append = [&json](std::string_view key, const Count& count) {
    json.append(json.back() != '{' ? ",\"" : "\"").append(key).append("\":");
    json.append(std::to_string(count.load(std::memory_order_relaxed)));
  };
  append("requests", requests_);
  append("open", open_);
  append("completed", completed_);
  append("cancelled", cancelled_);
  append("cut", cut_);
  append("connections", connections_);
  append("open_connections", open_connections_);
  append("reset_connections", reset_connections_);
  json.append(",\"answers\":{");
  for (std::size_t status = 0; status < answers_.size(); ++status) {
    if (answers_[status].load(std::memory_order_relaxed) == 0) continue;
    append(std::to_string(status), answers_[status]);
  }
  json.append("}}");
  return json;
}

}  // namespace penstock::sim
