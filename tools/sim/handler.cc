#include "sim/handler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/serializer.h"
#include "http/target.h"
#include "sim/framer.h"
#include "sim/outlet.h"
#include "sim/pace.h"
#include "sim/planning.h"
#include "sim/refusals.h"
#include "sim/stream_feed.h"
#include "wire/apis/error_answer.h"

namespace penstock::sim {
namespace {

using http::ServerExchange;

// A whole answer is built in memory; a stream may have any length.
constexpr std::uint64_t kWholeTokensMax = 1'000'000;

constexpr std::string_view kJsonType = "application/json";

// What happens to the connection when everything has been sent.
Outcome conclude(ServerExchange& connection, const Framer& framer) {
  if (framer.self_delimiting()) connection.raw_ended();
  return Outcome::kCompleted;
}

// The events that the behaviour puts in place of an answer's.
EventScript given_events(const Behaviour& behaviour, Dialect dialect) {
  EventScript script(dialect);
  for (const StreamEvent& event : behaviour.events) {
    script.add_run(event.type, Wording::raw({event.data}), {});
  }
  return script;
}

Outcome break_off(ServerExchange& connection, const Behaviour& behaviour) {
  if (behaviour.cut == CutKind::kReset) connection.reset_on_close();
  return Outcome::kCut;
}

}  // namespace

Behaviour SimHandler::refusal_of_upgrades() {
  Behaviour refusal;
  refusal.status = 426;
  refusal.message = "This service speaks HTTP only.";
  refusal.framing = BodyFraming::kUntilClose;
  return refusal;
}

Task<void> SimHandler::handle(ServerExchange& connection) {
  const Result<http::Target> target = http::split_target(connection.request().target);
  if (!target) {
    co_await reply_error(connection, target.error(), Dialect::kOpenAi);
    co_return;
  }
  const RouteMatch match = find_route(connection.request().method, target->path);
  if (target->path.starts_with("/v1/") && !is_authorized(connection)) {
    const Error error = Error::client(ErrorKind::kInvalidApiKey, "Incorrect API key provided.");
    co_await reply_error(connection, error, match.dialect);
    co_return;
  }
  if (connection.request().fields.find(http::FieldName::kUpgrade)) {
    co_await reply_refusal(connection, no_upgrade_, match.dialect);
    co_return;
  }
  if (match.route == nullptr) {
    const Error error =
        match.other_methods
            ? Error::client(ErrorKind::kMethodNotAllowed, "This route has other methods.")
            : Error::client(ErrorKind::kNotFound, "There is no such route.");
    co_await reply_error(connection, error, match.dialect);
    co_return;
  }
  if (const Page* page = std::get_if<Page>(&match.route->target)) {
    co_await show(connection, *page, match);
    co_return;
  }
  stats_.request_began();
  Outcome outcome = Outcome::kCompleted;
  if (const Endpoint* endpoint = std::get_if<Endpoint>(&match.route->target)) {
    outcome = co_await infer(connection, *endpoint);
  } else {
    outcome = co_await make(connection, match, target->query);
  }
  if (outcome == Outcome::kCancelled && connection.stopped()) outcome = Outcome::kCut;
  stats_.request_ended(outcome);
}

Task<Outcome> SimHandler::show(ServerExchange& connection, Page page, const RouteMatch& match) {
  Reply found;
  std::string body;
  switch (page) {
    case Page::kModelList:
      found.body = world_.models.list_body();
      break;
    case Page::kModel: {
      const Model* model = world_.models.find(match.ids.front());
      if (model == nullptr) {
        const Error error = Error::client(ErrorKind::kModelNotFound, "The model does not exist.");
        co_return co_await reply_error(connection, error, match.dialect);
      }
      found.body = model->body;
      break;
    }
    case Page::kHealth:
      found.body = R"({"status":"ok"})";
      break;
    case Page::kStats:
      body = stats_.to_json(world_.options.name);
      found.body = body;
      break;
  }
  found.counts = false;
  const std::shared_ptr<const Course> course = course_;
  const Behaviour* given = nullptr;
  // Who asks for the counts wants to know them in any case.
  if (course && page != Page::kStats) {
    given = course->take_behaviour(connection.loop().now(), Course::Asker::kPage);
  }
  if (given == nullptr) co_return co_await reply(connection, plain_, found);
  if (given->status != 0) co_return co_await reply_refusal(connection, *given, match.dialect);
  co_return co_await reply(connection, *given, found);
}

Task<Outcome> SimHandler::infer(ServerExchange& connection, Endpoint endpoint) {
  const Result<std::string_view> body = co_await connection.read_body();
  if (!body) {
    if (body.error().kind == ErrorKind::kClientGone) co_return Outcome::kCancelled;
    co_return co_await reply_error(connection, body.error(), Dialect::kOpenAi);
  }
  const Result<Request> request = decoder_.decode(endpoint, *body);
  if (!request) co_return co_await reply_error(connection, request.error(), Dialect::kOpenAi);
  const Model* model = world_.models.find(request->model);
  if (model == nullptr) {
    const Error error = unknown_model(request->model);
    co_return co_await reply_error(connection, error, Dialect::kOpenAi);
  }
  if ((model->kind == ModelKind::kEmbedding) != (endpoint == Endpoint::kEmbedding)) {
    const Error error = model_not_served(*model);
    co_return co_await reply_error(connection, error, Dialect::kOpenAi);
  }
  const std::shared_ptr<const Course> course = course_;
  const Behaviour* given = nullptr;
  if (course) given = course->take_behaviour(connection.loop().now(), Course::Asker::kRequest);
  if (request->sim.empty() && given == nullptr && world_.options.error_rate <= 0) {
    co_return co_await answer(connection, endpoint, *model, *request, *body,
                              world_.options.behaviour);
  }
  const Result<Behaviour> behaviour = behaviour_for(given, request->sim);
  if (!behaviour) co_return co_await reply_error(connection, behaviour.error(), Dialect::kOpenAi);
  co_return co_await answer(connection, endpoint, *model, *request, *body, *behaviour);
}

Task<Outcome> SimHandler::make(ServerExchange& connection, const RouteMatch& match,
                               std::string_view query) {
  const Dialect dialect = match.dialect;
  const Result<std::string_view> text = co_await connection.read_body();
  if (!text) {
    if (text.error().kind == ErrorKind::kClientGone) co_return Outcome::kCancelled;
    co_return co_await reply_error(connection, text.error(), dialect);
  }
  const Json body = text->empty() ? Json::object() : Json::parse(*text, nullptr, false);
  if (!body.is_object()) {
    const Error error = Error::client(ErrorKind::kInvalidRequest,
                                      "We could not parse the JSON body of your request.");
    co_return co_await reply_error(connection, error, dialect);
  }
  const Json* sim = member(body, "sim");
  const std::shared_ptr<const Course> course = course_;
  const Behaviour* given = nullptr;
  if (course) given = course->take_behaviour(connection.loop().now(), Course::Asker::kRequest);
  const Result<Behaviour> behaviour = behaviour_for(given, sim != nullptr ? text_of(*sim) : "");
  if (!behaviour) co_return co_await reply_error(connection, behaviour.error(), dialect);
  if (behaviour->status != 0) co_return co_await reply_refusal(connection, *behaviour, dialect);
  const Call call{world_, store_, body, *behaviour, match.ids, query, connection.loop().now()};
  Result<Made> made = std::get<Maker>(match.route->target)(call);
  if (!made) co_return co_await reply_error(connection, made.error(), dialect);
  if (made->events) {
    co_return co_await answer_stream(connection, std::move(*made->events), made->content_type,
                                     *behaviour);
  }
  const Reply whole{200, made->content_type, made->body};
  if (!made->tokens) co_return co_await reply(connection, *behaviour, whole);
  co_return co_await answer_whole(connection, *behaviour, whole, *made->tokens);
}

Result<Behaviour> SimHandler::behaviour_for(const Behaviour* given, std::string_view sim) {
  Behaviour behaviour = given != nullptr ? *given : world_.options.behaviour;
  if (!sim.empty()) {
    const Status applied = apply_overrides(sim, behaviour);
    if (!applied) return failure(applied.error());
  } else if (given == nullptr && fails_by_chance()) {
    behaviour.status = world_.options.error_status;
  }
  return behaviour;
}

Task<Outcome> SimHandler::answer(ServerExchange& connection, Endpoint endpoint, const Model& model,
                                 const Request& request, std::string_view body,
                                 const Behaviour& behaviour) {
  if (behaviour.status != 0) {
    co_return co_await reply_refusal(connection, behaviour, Dialect::kOpenAi);
  }
  if (endpoint == Endpoint::kEmbedding) {
    co_return co_await answer_embeddings(connection, model, request, behaviour);
  }
  const std::uint64_t tokens =
      request.stream ? behaviour.tokens : std::min(behaviour.tokens, kWholeTokensMax);
  AnswerPlan plan = plan_answer(model, request, world_.text, tokens, behaviour.seed);
  if (behaviour.scenario && endpoint == Endpoint::kChat) {
    follow_scenario(plan, *behaviour.scenario, Json::parse(body, nullptr, false));
  }
  if (request.stream) {
    const EventOptions options{request.include_usage, behaviour.finish, behaviour.done};
    EventScript events = answer_events(endpoint, plan, options);
    co_return co_await answer_stream(connection, std::move(events), kEventStreamType, behaviour);
  }
  http::ScratchPool::Text text(connection.scratch());
  append_whole_answer(*text, endpoint, plan);
  const Reply whole{200, kJsonType, *text};
  co_return co_await answer_whole(connection, behaviour, whole, plan.tokens());
}

Task<Outcome> SimHandler::answer_embeddings(ServerExchange& connection, const Model& model,
                                            const Request& request, const Behaviour& behaviour) {
  const std::uint64_t dimensions = request.dimensions.value_or(world_.options.embedding_dimensions);
  if (dimensions == 0 || dimensions > Embeddings::kDimensionsMax) {
    const Error error =
        Error::client(ErrorKind::kInvalidRequest, "'dimensions' must be from 1 to 8192.");
    co_return co_await reply_error(connection, error, Dialect::kOpenAi);
  }
  http::ScratchPool::Text body(connection.scratch());
  append_embeddings(*body, model, request, static_cast<std::size_t>(dimensions), world_.embeddings);
  const Reply whole{200, kJsonType, *body};
  co_return co_await answer_whole(connection, behaviour, whole, 0);
}

Task<Outcome> SimHandler::answer_whole(ServerExchange& connection, const Behaviour& behaviour,
                                       Reply reply, std::size_t tokens) {
  const SteadyTime due = Pace(connection.request_started(), behaviour).whole_due(tokens);
  if (due > connection.loop().now()) {
    Outlet outlet(connection, behaviour);
    const Outlet::Sent waited = co_await outlet.pause_until(due);
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
  co_return co_await this->reply(connection, behaviour, reply);
}

Task<Outcome> SimHandler::answer_stream(ServerExchange& connection, EventScript events,
                                        std::string_view content_type, const Behaviour& behaviour) {
  if (behaviour.framing == BodyFraming::kShortBody) {
    const Error error = Error::client(ErrorKind::kInvalidRequest,
                                      "'framing': 'short_body' is for whole answers only.");
    co_return co_await reply_error(connection, error, events.dialect());
  }
  Framer framer(behaviour, connection.request().version, std::nullopt);
  std::string head;
  append_head(head, connection, behaviour, framer, {200, content_type, {}});
  connection.release_request();
  Outlet outlet(connection, behaviour);
  outlet.expect_head(head.size());
  if (behaviour.head_delay.count() > 0) {
    const SteadyTime due = connection.loop().now() + behaviour.head_delay;
    const Outlet::Sent waited = co_await outlet.pause_until(due);
    if (waited == Outlet::Sent::kGone) co_return Outcome::kCancelled;
  }
  if (!behaviour.events.empty()) events = given_events(behaviour, events.dialect());
  if (world_.options.stamp) events.stamp();
  StreamFeed feed(std::move(events), std::move(head),
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

void SimHandler::append_head(std::string& out, ServerExchange& connection,
                             const Behaviour& behaviour, const Framer& framer, const Reply& reply) {
  const http::RequestHead& request = connection.request();
  http::append_status_line(out, reply.status);
  http::append_date(out, connection.loop().wall());
  http::append_field(out, "Content-Type", reply.content_type);
  framer.append_fields(out);
  if (const auto id = request.fields.find(http::FieldName::kXRequestId)) {
    http::append_field(out, "x-request-id", *id);
  }
  const std::string& name = world_.options.name;
  if (!name.empty()) http::append_field(out, "x-sim-name", name);
  for (const Header& header : behaviour.headers) {
    http::append_field(out, header.name, header.value);
  }
  if (!connection.keep_alive() || !framer.self_delimiting()) {
    http::append_field(out, "Connection", "close");
  } else if (request.version == http::Version::kHttp10) {
    http::append_field(out, "Connection", "keep-alive");
  }
  http::append_head_end(out);
  if (reply.counts) stats_.answered(reply.status);
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
  append_head(*out, connection, behaviour, framer, reply);
  outlet.expect_head(out->size());
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

Task<Outcome> SimHandler::reply_error(ServerExchange& connection, const Error& error,
                                      Dialect dialect) {
  const std::string body = own_error_body(error, dialect);
  const Reply refusal{wire::answer_for(error).status, kJsonType, body};
  co_return co_await reply(connection, plain_, refusal);
}

Task<Outcome> SimHandler::reply_refusal(ServerExchange& connection, const Behaviour& behaviour,
                                        Dialect dialect) {
  const std::string body = refusal_body(behaviour, dialect);
  const Reply refusal{behaviour.status, refusal_type(behaviour), body};
  co_return co_await reply(connection, behaviour, refusal);
}

http::Refusal SimHandler::refuse(const Error& error, const net::SocketAddress&, std::string_view) {
  http::Refusal refusal;
  refusal.status = wire::answer_for(error).status;
  refusal.fields.add("Content-Type", kJsonType);
  refusal.body = wire::error_body(error);
  return refusal;
}

// The key as OpenAI's clients send it, or as Anthropic's do.
bool SimHandler::is_authorized(const ServerExchange& connection) const {
  constexpr std::string_view kScheme = "Bearer ";
  const Secret& key = world_.options.api_key;
  if (key.empty()) return true;
  const http::Fields& fields = connection.request().fields;
  const auto given = fields.find(http::FieldName::kAuthorization);
  if (given && given->starts_with(kScheme) && key.equals(given->substr(kScheme.size())))
    return true;
  const auto plain = fields.find(http::FieldName::kXApiKey);
  return plain && key.equals(*plain);
}

bool SimHandler::fails_by_chance() {
  if (world_.options.error_rate <= 0) return false;
  const double share = static_cast<double>(random_.next() >> 11) / static_cast<double>(1ULL << 53);
  return share < world_.options.error_rate;
}

}  // namespace penstock::sim
