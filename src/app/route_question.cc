#include "app/route_question.h"

#include "app/server_question.h"
#include "core/text.h"
#include "http/parser.h"

namespace penstock::app {

Result<RouteReply> ask_for_route(const config::Url& server, const RouteQuestion& question,
                                 net::TlsContext::ClientOptions::Verify verify) {
  ServerQuestion asked{.method = "POST",
                       .target = server.path +
                                 "/penstock/explain-route?model=" + percent_encode(question.model) +
                                 "&path=" + percent_encode(question.path),
                       .fields = {{"Accept", "text/plain"}, {"Content-Type", "application/json"}},
                       .body = question.body};
  asked.fields.insert(asked.fields.end(), question.fields.begin(), question.fields.end());
  Result<ServerReply> reply = ask_server(server, asked, verify);
  if (!reply) return failure(std::move(reply.error()));
  return RouteReply{.status = reply->status,
                    .is_text = reply->content_type.starts_with("text/plain"),
                    .body = std::move(reply->body)};
}

Result<std::pair<std::string, std::string>> field_of(std::string_view text) {
  const std::size_t at = text.find_first_of("=:");
  const std::string_view name = text.substr(0, at);
  const bool is_sound = at != std::string_view::npos && http::is_token(name) &&
                        text.find_first_of("\r\n") == std::string_view::npos;
  if (!is_sound) {
    return failure(Error::client(ErrorKind::kInvalidRequest,
                                 "--header " + std::string(text) + ": expected NAME=VALUE"));
  }
  return std::pair{std::string(name), std::string(trim(text.substr(at + 1)))};
}

}  // namespace penstock::app
