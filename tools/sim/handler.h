#pragma once

// SimHandler: one thread's answers.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/task.h"
#include "http/server_exchange.h"
#include "sim/answers.h"
#include "sim/behaviour.h"
#include "sim/embeddings.h"
#include "sim/models.h"
#include "sim/options.h"
#include "sim/request.h"
#include "sim/stats.h"
#include "sim/token_text.h"

namespace penstock::sim {

// What all threads share: created before they start, and not changed by them.
struct World {
  const Options& options;
  Models models;
  TokenText text;
  Embeddings embeddings;
};

class SimHandler final : public http::Handler {
 public:
  // Both outlive the handler. `random_seed` differs from thread to thread.
  SimHandler(const World& world, Stats& stats, std::uint64_t random_seed)
      : world_(world), stats_(stats), random_(random_seed) {}

  Task<void> handle(http::ServerExchange& connection) override;
  http::Refusal refuse(const Error& error, const net::SocketAddress& peer) override;
  void connection_opened() override { stats_.connection_opened(); }
  void connection_closed() override { stats_.connection_closed(); }

 private:
  using Connection = http::ServerExchange;

  struct Reply {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string_view body;
  };

  Task<void> handle_get(Connection& connection, std::string_view path);
  Task<void> handle_post(Connection& connection, Endpoint endpoint);
  // From a request's arrival to the end of its answer.
  Task<Outcome> infer(Connection& connection, Endpoint endpoint);
  Task<Outcome> answer(Connection& connection, Endpoint endpoint, const Model& model,
                       const Request& request, const Behaviour& behaviour);
  Task<Outcome> answer_whole(Connection& connection, const AnswerPlan& plan,
                             const Behaviour& behaviour);
  Task<Outcome> answer_embeddings(Connection& connection, const Model& model,
                                  const Request& request, const Behaviour& behaviour);
  Task<Outcome> answer_stream(Connection& connection, AnswerPlan plan, const Request& request,
                              const Behaviour& behaviour);

  // One whole answer, with heads, framing and cuts as `behaviour` says.
  Task<Outcome> reply(Connection& connection, const Behaviour& behaviour, Reply reply);
  Task<Outcome> reply_error(Connection& connection, const Error& error);

  bool is_authorized(const Connection& connection) const;
  bool fails_by_chance();

  const World& world_;
  Stats& stats_;
  const Behaviour plain_;  // of answers that no behaviour is meant for
  RequestDecoder decoder_;
  SeededRandom random_;
};

}  // namespace penstock::sim
