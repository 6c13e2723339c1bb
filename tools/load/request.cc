#include "request.h"

#include <string_view>

#include "core/text.h"
#include "http/serializer.h"

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

std::string request_bytes(const Options& options) {
  const std::string body = request_body(options);
  std::string out;
  http::append_request_line(out, "POST", {options.path});
  http::append_field(out, "Host", options.host + ":" + std::to_string(options.port));
  http::append_field(out, "Content-Type", "application/json");
  http::append_field(out, "Accept", options.stream ? "text/event-stream" : "application/json");
  if (!options.key.empty()) http::append_field(out, "Authorization", "Bearer " + options.key);
  for (const std::string& header : options.headers) {
    const std::size_t colon = header.find(": ");
    http::append_field(out, header.substr(0, colon), header.substr(colon + 2));
  }
  http::append_content_length(out, body.size());
  http::append_head_end(out);
  return out.append(body);
}

}  // namespace penstock::load
