#pragma once

// ExchangeEnvironment: what every exchange of one thread works with. All of it belongs to that
// thread or is safe to share; a request takes no lock.

#include <vector>

#include "config/settings.h"
#include "core/clock.h"
#include "core/hidden_texts.h"
#include "core/secret_guard.h"
#include "gateway/recorder.h"
#include "gateway/route_table.h"
#include "http/field_block.h"
#include "http/scratch.h"
#include "limits/estimate.h"
#include "net/event_loop.h"

namespace penstock::gateway {

struct ExchangeEnvironment {
  net::EventLoop& loop;
  http::ScratchPool& scratch;
  Random& random;
  const SecretGuard& secrets;  // of the operator's credentials
  const HiddenTexts& hidden;   // of what the gateway says itself about an upstream
  const config::Server& server;
  const std::vector<config::Provider>& providers;
  const RouteTable& routes;
  const http::FieldBlock& fields;  // of every answer
  Recorder& recorder;
  limits::Estimator& estimator;  // of the thread
  ListenerKind listener;         // that the requests come from
  bool uses_tls;                 // whether it does
};

}  // namespace penstock::gateway
