#pragma once

// SimHandler: one thread's answers.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/task.h"
#include "http/server_exchange.h"
#include "sim/behaviour.h"
#include "sim/call.h"
#include "sim/course.h"
#include "sim/dialect.h"
#include "sim/framer.h"
#include "sim/request.h"
#include "sim/routes.h"
#include "sim/stats.h"
#include "sim/store.h"
#include "sim/world.h"

namespace penstock::sim {

class SimHandler final : public http::Handler {
 public:
  // All outlive the handler. `random_seed` differs from thread to thread.
  SimHandler(const World& world, Store& store, Stats& stats, std::uint64_t random_seed)
      : world_(world), store_(store), stats_(stats), random_(random_seed) {}

  // Requests that come from now on; null: the options' behaviour is that of all.
  void follow(std::shared_ptr<const Course> course) { course_ = std::move(course); }

  Task<void> handle(http::ServerExchange& connection) override;
  http::Refusal refuse(const Error& error, const net::SocketAddress& peer,
                       std::string_view target) override;
  void connection_opened() override { stats_.connection_opened(); }
  void connection_closed() override { stats_.connection_closed(); }

 private:
  using Connection = http::ServerExchange;

  struct Reply {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string_view body;
    bool counts = true;  // among the answers of the statistics
  };

  Task<Outcome> show(Connection& connection, Page page, const RouteMatch& match);
  // From a request's arrival to the end of its answer; chat, completions and embeddings.
  Task<Outcome> infer(Connection& connection, Endpoint endpoint);
  // The same for all other routes.
  Task<Outcome> make(Connection& connection, const RouteMatch& match, std::string_view query);
  Task<Outcome> answer(Connection& connection, Endpoint endpoint, const Model& model,
                       const Request& request, std::string_view body, const Behaviour& behaviour);
  Task<Outcome> answer_embeddings(Connection& connection, const Model& model,
                                  const Request& request, const Behaviour& behaviour);
  // A whole answer, when a stream of so many tokens would have ended.
  Task<Outcome> answer_whole(Connection& connection, const Behaviour& behaviour, Reply reply,
                             std::size_t tokens);
  Task<Outcome> answer_stream(Connection& connection, EventScript events,
                              std::string_view content_type, const Behaviour& behaviour);

  // One whole answer, with heads, framing and cuts as `behaviour` says.
  Task<Outcome> reply(Connection& connection, const Behaviour& behaviour, Reply reply);
  Task<Outcome> reply_error(Connection& connection, const Error& error, Dialect dialect);
  // The refusal that a behaviour with a status asks for.
  Task<Outcome> reply_refusal(Connection& connection, const Behaviour& behaviour, Dialect dialect);

  // The behaviour of one request: `given` by the course, or that of the options, which chance
  // changes; and then by the text of the request's member `sim`.
  Result<Behaviour> behaviour_for(const Behaviour* given, std::string_view sim);
  void append_head(std::string& out, Connection& connection, const Behaviour& behaviour,
                   const Framer& framer, const Reply& reply);
  static Behaviour refusal_of_upgrades();
  bool is_authorized(const Connection& connection) const;
  bool fails_by_chance();

  const World& world_;
  Store& store_;
  Stats& stats_;
  const Behaviour plain_;  // of answers that no behaviour is meant for
  // Clients that try a WebSocket first go on without one at once, if they are told so by a 426.
  const Behaviour no_upgrade_ = refusal_of_upgrades();
  std::shared_ptr<const Course> course_;
  RequestDecoder decoder_;
  SeededRandom random_;
};

}  // namespace penstock::sim
