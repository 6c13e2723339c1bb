#include "sim/handler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "http/serializer.h"
#include "http/target.h"
#include "sim/framer.h"
#include "sim/outlet.h"
#include "sim/pace.h"
#include "sim/refusals.h"
#include "sim/stream_feed.h"
#include "wire/apis/error_answer.h"

namespace penstock::sim {
namespace {

using http::ServerExchange;

// A whole answer is built in memory; a stream may have any length.
constexpr std::uint64_t kWholeTokensMax = 1'000'000;

constexpr std::string_view kModelsPath = "/v1/models";
constexpr std::string_view kStreamType = "text/event-stream; charset=utf-8";
constexpr std::string_view kJsonType = "application/json";

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

std::optional<Endpoint> endpoint_of(std::string_view path) {
  if (path == "/v1/chat/completions") return Endpoint::kChat;
  if (path == "/v1/completions") return Endpoint::kCompletion;
  if (path == "/v1/embeddings") return Endpoint::kEmbedding;
  return std::nullopt;
}

void append_head(std::string& out, ServerExchange& connection, const Behaviour& behaviour,
                 const Framer& framer, int status, std::string_view content_type) {
  const http::RequestHead& request = connection.request();
  http::append_status_line(out, status);
  http::append_date(out, connection.loop().wall());
  http::append_field(out, "Content-Type", content_type);
  framer.append_fields(out);
  if (const auto id = request.fields.find(http::FieldName::kXRequestId)) {
    http::append_field(out, "x-request-id", *id);
  }
  for (const Header& header : behaviour.headers) {
    http::append_field(out, header.name, header.value);
  }
  if (!connection.keep_alive() || !framer.self_delimiting()) {
    http::append_field(out, "Connection", "close");
  } else if (request.version == http::Version::kHttp10) {
    http::append_field(out, "Connection", "keep-alive");
  }
  http::append_head_end(out);
}

// What happens to the connection when everything has been sent.
Outcome conclude(ServerExchange& connection, const Framer& framer) {
  if (framer.self_delimiting()) connection.raw_ended();
  return Outcome::kCompleted;
}

Outcome break_off(ServerExchange& connection, const Behaviour& behaviour) {
  if (behaviour.cut == CutKind::kReset) connection.reset_on_close();
  return Outcome::kCut;
}

}  // namespace

Task<void> SimHandler::handle(ServerExchange& connection) {
  const Result<http::Target> target = http::split_target(connection.request().target);
  if (!target) {
    co_await reply_error(connection, target.error());
    co_return;
  }
  const std::string_view method = connection.request().method;
  if (target->path.starts_with("/v1/") && !is_authorized(connection)) {
    const Error error = Error::client(ErrorKind::kInvalidApiKey, "Incorrect API key provided.");
    co_await reply_error(connection, error);
  } else if (const auto endpoint = endpoint_of(target->path)) {
    if (method == "POST") {
      co_await handle_post(connection, *endpoint);
    } else {
      const Error error =
          Error::client(ErrorKind::kMethodNotAllowed, "This route supports only POST.");
      co_await reply_error(connection, error);
    }
  } else if (method == "GET") {
    co_await handle_get(connection, target->path);
  } else {
    const Error error = Error::client(ErrorKind::kNotFound, "There is no such route.");
    co_await reply_error(connection, error);
  }
}

Task<void> SimHandler::handle_get(ServerExchange& connection, std::string_view path) {
  Reply found;
  std::string body;
  if (path == kModelsPath) {
    found.body = world_.models.list_body();
  } else if (path == "/health") {
    found.body = R"({"status":"ok"})";
  } else if (path == "/sim/stats") {
    body = stats_.to_json();
    found.body = body;
  } else if (path.starts_with(kModelsPath) && path.size() > kModelsPath.size() + 1) {
    const auto id = percent_decode(path.substr(kModelsPath.size() + 1));
    const Model* model = id ? world_.models.find(*id) : nullptr;
    if (model == nullptr) {
      const Error error = Error::client(ErrorKind::kModelNotFound, "The model does not exist.");
      co_await reply_error(connection, error);
      co_return;
    }
    found.body = model->body;
  } else {
    const Error error = Error::client(ErrorKind::kNotFound, "There is no such route.");
    co_await reply_error(connection, error);
    co_return;
  }
  co_await reply(connection, plain_, found);
}

Task<void> SimHandler::handle_post(ServerExchange& connection, Endpoint endpoint) {
  stats_.request_began();
  const Outcome outcome = co_await infer(connection, endpoint);
  stats_.request_ended(outcome);
}

Task<Outcome> SimHandler::infer(ServerExchange& connection, Endpoint endpoint) {
  const Result<std::string_view> body = co_await connection.read_body();
  if (!body) {
    if (body.error().kind == ErrorKind::kClientGone) co_return Outcome::kCancelled;
    co_return co_await reply_error(connection, body.error());
  }
  const Result<Request> request = decoder_.decode(endpoint, *body);
  if (!request) co_return co_await reply_error(connection, request.error());
  const Model* model = world_.models.find(request->model);
  if (model == nullptr) {
    const Error error =
        Error::client(ErrorKind::kModelNotFound, "The model '" + request->model +
                                                     "' does not exist or you do not have access "
                                                     "to it.");
    co_return co_await reply_error(connection, error);
  }
  if ((model->kind == ModelKind::kEmbedding) != (endpoint == Endpoint::kEmbedding)) {
    const Error error = invalid("The model '" + model->id + "' is not served by this route.");
    co_return co_await reply_error(connection, error);
  }
  if (request->sim.empty() && !fails_by_chance()) {
    co_return co_await answer(connection, endpoint, *model, *request, world_.options.behaviour);
  }
  Behaviour behaviour = world_.options.behaviour;
  if (request->sim.empty()) {
    behaviour.status = world_.options.error_status;
  } else if (const Status applied = apply_overrides(request->sim, behaviour); !applied) {
    co_return co_await reply_error(connection, applied.error());
  }
  co_return co_await answer(connection, endpoint, *model, *request, behaviour);
}

Task<Outcome> SimHandler::answer(ServerExchange& connection, Endpoint endpoint, const Model& model,
                                 const Request& request, const Behaviour& behaviour) {
  if (behaviour.status != 0) {
    const std::string body = refusal_body(behaviour);
    const Reply refusal{behaviour.status, refusal_type(behaviour), body};
    co_return co_await reply(connection, behaviour, refusal);
  }
  if (endpoint == Endpoint::kEmbedding) {
    co_return co_await answer_embeddings(connection, model, request, behaviour);
  }
  const std::uint64_t tokens =
      request.stream ? behaviour.tokens : std::min(behaviour.tokens, kWholeTokensMax);
  AnswerPlan plan = plan_answer(endpoint, model, request, world_.text, tokens, behaviour.seed);
  if (!request.stream) co_return co_await answer_whole(connection, plan, behaviour);
  if (behaviour.framing == BodyFraming::kShortBody) {
    const Error error = invalid("'framing': 'short_body' is for whole answers only.");
    co_return co_await reply_error(connection, error);
  }
  co_return co_await answer_stream(connection, std::move(plan), request, behaviour);
}

Task<Outcome> SimHandler::answer_whole(ServerExchange& connection, const AnswerPlan& plan,
                                       const Behaviour& behaviour) {
  const SteadyTime due =
      Pace(connection.request_started(), behaviour).due(plan.tokens, plan.tokens);
  if (due > connection.loop().now()) {
    Outlet outlet(connection, behaviour);
    const Outlet::Sent waited = co_await outlet.pause_until(due);
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
  http::ScratchPool::Text body(connection.scratch());
  append_whole_answer(*body, plan, world_.text);
  const Reply whole{200, kJsonType, *body};
  co_return co_await reply(connection, behaviour, whole);
}

Task<Outcome> SimHandler::answer_embeddings(ServerExchange& connection, const Model& model,
                                            const Request& request, const Behaviour& behaviour) {
  const std::uint64_t dimensions = request.dimensions.value_or(world_.options.embedding_dimensions);
  if (dimensions == 0 || dimensions > Embeddings::kDimensionsMax) {
    co_return co_await reply_error(connection, invalid("'dimensions' must be from 1 to 8192."));
  }
  const SteadyTime due = Pace(connection.request_started(), behaviour).due(0, 0);
  if (due > connection.loop().now()) {
    Outlet outlet(connection, behaviour);
    const Outlet::Sent waited = co_await outlet.pause_until(due);
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
  http::ScratchPool::Text body(connection.scratch());
  append_embeddings(*body, model, request, static_cast<std::size_t>(dimensions), world_.embeddings);
  const Reply whole{200, kJsonType, *body};
  co_return co_await reply(connection, behaviour, whole);
}

Task<Outcome> SimHandler::answer_stream(ServerExchange& connection, AnswerPlan plan,
                                        const Request& request, const Behaviour& behaviour) {
  Framer framer(behaviour, connection.request().version, std::nullopt);
  std::string head;
  append_head(head, connection, behaviour, framer, 200, kStreamType);
  connection.release_request();
  Outlet outlet(connection, behaviour);
  if (behaviour.head_delay.count() > 0) {
    const SteadyTime due = connection.loop().now() + behaviour.head_delay;
    const Outlet::Sent waited = co_await outlet.pause_until(due);
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
  const EventWriter::Options options{request.include_usage, behaviour.finish, world_.options.stamp};
  StreamFeed feed(EventWriter(std::move(plan), world_.text, options), std::move(head),
                  Pace(connection.request_started() + behaviour.head_delay, behaviour), behaviour,
                  framer);
  for (;;) {
    StreamFeed::Then then{};
    Outlet::Sent sent{};
    {
      // Held for one write only: a stream that waits for its next token holds no buffer.
      http::ScratchPool::Text out(connection.scratch());
      then = feed.append_due(*out, connection.loop().now());
      sent = co_await outlet.send(*out);
    }
    if (sent == Outlet::Sent::kGone) co_return Outcome::kCancelled;
    if (sent == Outlet::Sent::kCut) co_return break_off(connection, behaviour);
    if (then == StreamFeed::Then::kCut) co_return break_off(connection, behaviour);
    if (then == StreamFeed::Then::kEnd) co_return conclude(connection, framer);
    const Outlet::Sent waited = co_await outlet.pause_until(feed.next_due());
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
}

Task<Outcome> SimHandler::reply(ServerExchange& connection, const Behaviour& behaviour,
                                Reply reply) {
  Outlet outlet(connection, behaviour);
  if (behaviour.head_delay.count() > 0) {
    const SteadyTime due = connection.loop().now() + behaviour.head_delay;
    const Outlet::Sent waited = co_await outlet.pause_until(due);
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
  Framer framer(behaviour, connection.request().version, reply.body.size());
  http::ScratchPool::Text out(connection.scratch());
  append_head(*out, connection, behaviour, framer, reply.status, reply.content_type);
  std::string_view body = reply.body;
  if (!framer.verbatim()) {
    framer.append_data(*out, body);
    framer.append_end(*out);
    body = {};
  }
  const Outlet::Sent sent = co_await outlet.send(*out, body);
  if (sent == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  if (sent == Outlet::Sent::kCut) co_return break_off(connection, behaviour);
  co_return conclude(connection, framer);
}

Task<Outcome> SimHandler::reply_error(ServerExchange& connection, const Error& error) {
  const std::string body = wire::error_body(error);
  const Reply refusal{wire::answer_for(error).status, kJsonType, body};
  co_return co_await reply(connection, plain_, refusal);
}

http::Refusal SimHandler::refuse(const Error& error, const net::SocketAddress&) {
  http::Refusal refusal;
  refusal.status = wire::answer_for(error).status;
  refusal.fields.add("Content-Type", kJsonType);
  refusal.body = wire::error_body(error);
  return refusal;
}

bool SimHandler::is_authorized(const ServerExchange& connection) const {
  constexpr std::string_view kScheme = "Bearer ";
  const Secret& key = world_.options.api_key;
  if (key.empty()) return true;
  const auto given = connection.request().fields.find(http::FieldName::kAuthorization);
  return given && given->starts_with(kScheme) && key.equals(given->substr(kScheme.size()));
}

bool SimHandler::fails_by_chance() {
  if (world_.options.error_rate <= 0) return false;
  const double share = static_cast<double>(random_.next() >> 11) / static_cast<double>(1ULL << 53);
  return share < world_.options.error_rate;
}

}  // namespace penstock::sim
