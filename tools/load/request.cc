#include "request.h"

#include <string_view>

#include "core/text.h"

namespace penstock::load {
namespace {

constexpr std::string_view kSentence = "The quick brown fox jumps over the lazy dog. ";

void append_prompt(std::string& out, std::size_t bytes) {
  while (bytes > 0) {
    const std::string_view piece = kSentence.substr(0, bytes);
    out.append(piece);
    bytes -= piece.size();
  }
}

}  // namespace

std::string request_body(const Options& options) {
  std::string body = "{\"model\": " + json_quoted(options.model);
  if (options.path.ends_with("/embeddings")) {
    body.append(", \"input\": \"");
    append_prompt(body, options.prompt_bytes);
    body.append("\"");
  } else {
    body.append(", \"messages\": [{\"role\": \"user\", \"content\": \"");
    append_prompt(body, options.prompt_bytes);
    body.append("\"}]");
  }
  if (options.stream) body.append(", \"stream\": true");
  if (!options.sim.empty()) body.append(", \"sim\": ").append(options.sim);
  return body.append("}");
}

http::FieldBlock request_fields(const Options& options) {
  http::FieldBlock fields;
  fields.add("Host", options.host + ":" + std::to_string(options.port));
  fields.add("Content-Type", "application/json");
  fields.add("Accept", options.stream ? "text/event-stream" : "application/json");
  if (!options.key.empty()) fields.add("Authorization", "Bearer " + options.key);
  for (const std::string& header : options.headers) {
    const std::size_t colon = header.find(": ");
    fields.add(header.substr(0, colon), header.substr(colon + 2));
  }
  return fields;
}

}  // namespace penstock::load
