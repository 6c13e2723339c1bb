#pragma once

// Exchange: one client request, with all its attempts, until it is recorded.
//
// It joins three things: the client's side (http), what is known so far (ExchangeFacts), and the
// way to an answer (Responder). Created by the Gateway, in the frame of the request's coroutine.

#include <chrono>
#include <memory>
#include <string_view>

#include "gateway/exchange_environment.h"
#include "gateway/exchange_facts.h"
#include "gateway/responder.h"
#include "http/server_exchange.h"
#include "limits/charge.h"
#include "limits/estimate.h"
#include "models/catalog.h"
#include "wire/bodies/request_size.h"

namespace penstock::gateway {

class Exchange {
 public:
  // Both outlive the exchange.
  Exchange(const ExchangeEnvironment& environment, http::ServerExchange& client);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  net::EventLoop& loop() const { return environment_.loop; }
  http::ScratchPool& scratch() const { return environment_.scratch; }
  const SecretGuard& secrets() const { return environment_.secrets; }
  const HiddenTexts& hidden() const { return environment_.hidden; }
  const config::Server& server() const { return environment_.server; }
  Recorder& recorder() const { return environment_.recorder; }
  ListenerKind listener() const { return environment_.listener; }
  bool uses_tls() const { return environment_.uses_tls; }

  http::ServerExchange& client() { return client_; }
  const http::ServerExchange& client() const { return client_; }
  ExchangeFacts& facts() { return facts_; }
  const ExchangeFacts& facts() const { return facts_; }
  Responder& responder() { return responder_; }

  void set_route(const RouteMatch& match);
  // Of a request that has one.
  const Route& route() const { return *route_; }
  const Passing& passing() const { return *route_->passing; }

  // What the catalog resolves the requested model to.
  void set_target(const models::Catalog::Target& target);
  // The route that the requested model has.
  void set_model_route(const config::ModelRoute& route);
  // Along a model's route: who is asked, or has answered.
  void set_answering(std::size_t provider, std::string_view upstream_model);
  // An upstream's request id replaces one that was made here.
  void adopt_request_id(std::string_view id);
  void first_byte_seen();

  // Opens the request at the accounts of its key, which outlive the exchange. Errors: as of
  // error_of() in gateway/refused_charge.h.
  Status open(const limits::Accounts& accounts);
  bool is_charged() const { return charge_.is_open(); }
  // Of one that is charged, as soon as its model is known: reserves what it is likely to use.
  // Errors: likewise. `body`: as it was understood.
  Status reserve(std::string_view body);
  // Whether the text of the answer is to be counted, in case its upstream states no usage.
  bool counts_text() const { return sized_ != nullptr; }
  // At the end: settles the charge with what was used. A request that no upstream was asked for
  // costs nothing.
  void settle();

  // The time limit of the whole request, since its arrival. Zero: none.
  void limit_to(std::chrono::milliseconds longest);
  // `timeout` from now (zero: none), but not after the limit of the whole request.
  SteadyTime until(std::chrono::milliseconds timeout) const;

 private:
  // What a request is likely to use, and what follows from its size.
  struct SizedRequest {
    wire::RequestSize size;
    limits::Estimator::Tokens expected;
  };

  bool may_be_request_id(std::string_view id) const;
  Status refused(const limits::Refusal& refusal);
  limits::Amounts used() const;

  const ExchangeEnvironment& environment_;
  http::ServerExchange& client_;
  const Route* route_ = nullptr;  // null: there is none for this path and method
  ExchangeFacts facts_;
  limits::Charge charge_;
  std::unique_ptr<const SizedRequest> sized_;  // null: nobody counts its tokens
  Responder responder_;
};

}  // namespace penstock::gateway
