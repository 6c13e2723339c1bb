#pragma once

// Exchange: one client request, with all its attempts, until it is recorded.
//
// It joins three things: the client's side (http), what is known so far (ExchangeFacts), and the
// way to an answer (Responder). Created by the Gateway, in the frame of the request's coroutine.

#include <chrono>
#include <string_view>

#include "gateway/exchange_environment.h"
#include "gateway/exchange_facts.h"
#include "gateway/responder.h"
#include "http/server_exchange.h"
#include "models/catalog.h"

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

  // Takes what the request uses of what its key may use, until the exchange ends. Errors:
  // kKeyRequests, kKeyConcurrency. The account outlives the exchange.
  Status charge(const limits::Account& account);
  // At the end: a request that no upstream was asked for costs nothing.
  void settle();

  // The time limit of the whole request, since its arrival. Zero: none.
  void limit_to(std::chrono::milliseconds longest);
  // `timeout` from now (zero: none), but not after the limit of the whole request.
  SteadyTime until(std::chrono::milliseconds timeout) const;

 private:
  bool may_be_request_id(std::string_view id) const;

  const ExchangeEnvironment& environment_;
  http::ServerExchange& client_;
  const Route* route_ = nullptr;  // null: there is none for this path and method
  ExchangeFacts facts_;
  limits::OpenRequest open_request_;  // of an account
  Responder responder_;
};

}  // namespace penstock::gateway
