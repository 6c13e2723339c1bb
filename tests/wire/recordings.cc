#include "wire/recordings.h"

#include <fstream>
#include <stdexcept>

#include "support/paths.h"

namespace penstock::wire::testing {

std::vector<RecordedStream> recorded_streams(const std::string& model) {
  std::ifstream file(PENSTOCK_RECORDINGS);
  if (!file) throw std::runtime_error("cannot read " PENSTOCK_RECORDINGS);
  std::vector<RecordedStream> streams;
  for (std::string line; std::getline(file, line);) {
    const auto exchange = nlohmann::ordered_json::parse(line);
    if (!exchange.at("stream").get<bool>()) continue;
    RecordedStream stream;
    stream.id = exchange.at("id");
    for (auto chunk : exchange.at("chunks")) {
      stream.sent += "data: " + chunk.dump() + "\n\n";
      if (chunk.contains("usage") && chunk["usage"].is_object()) stream.usage = chunk["usage"];
      chunk.at("model") = model;
      stream.expected += "data: " + chunk.dump() + "\n\n";
      ++stream.events;
    }
    stream.sent += "data: [DONE]\n\n";
    stream.expected += "data: [DONE]\n\n";
    streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace penstock::wire::testing
