#pragma once

// ScriptedUpstream: an inference service on a port of 127.0.0.1 that does what a test says, and
// records what it sees.
//
// One thread accepts, and each connection has a thread. `GET …/models` is answered with a list of
// models; every other request gets the next script of answer_next() or, when none is left, that of
// answer_with(), initially a small chat answer. All functions may be called from any thread.
// Destroying it ends everything in progress.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/endpoint.h"
#include "support/http_text.h"
#include "support/script.h"

namespace penstock::testing {

// A request as it arrived.
struct SeenRequest {
  std::size_t connection = 0;  // its number, from 0
  HeadText head;
  std::string method;
  std::string target;
  std::string body;       // decoded
  bool complete = false;  // its end has arrived

  bool is_for_models() const;
};

// A connection as it ended.
struct SeenConnection {
  std::optional<TimePoint> peer_closed;  // when the peer closed or reset it
  Io how = Io::kDone;                    // kEnd, kTruncated or kReset if the peer closed it
  bool over = false;                     // closed on both sides
};

class ScriptedUpstream {
 public:
  using Chooser = std::function<Script(const SeenRequest&)>;

  // With `tls`, connections start with a handshake. The context outlives the object.
  explicit ScriptedUpstream(SSL_CTX* tls = nullptr);
  ~ScriptedUpstream();
  ScriptedUpstream(const ScriptedUpstream&) = delete;
  ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;

  std::uint16_t port() const { return listening_.port; }
  // For base_url; with TLS the host is `localhost`.
  std::string url() const;

  // For requests other than for models, in the order of their arrival.
  void answer_next(Script script);
  void answer_with(Chooser chooser);
  void answer_always(Script script);
  // For `GET …/models`.
  void set_models(const std::vector<std::string>& ids);
  void answer_models(Script script);
  // Run for each new connection before anything is read.
  void greet(Script script);

  // All requests other than for models, in the order of arrival. A request is listed when its head
  // has arrived; it is complete when its body has.
  std::vector<SeenRequest> requests() const;
  std::vector<SeenRequest> models_requests() const;
  // The complete request number `index` (from 0), waiting for it; fails the test if it does not
  // come.
  SeenRequest wait_for_request(std::size_t index = 0, milliseconds limit = kPatience) const;
  bool wait_for_models_request(std::size_t index = 0, milliseconds limit = kPatience) const;

  // The accepted connections, and those of them that sent requests other than for models.
  std::size_t connections() const;
  std::size_t used_connections() const;

  // When the peer closed the connection of request `index`; nullopt if not in time.
  std::optional<TimePoint> wait_for_peer_close(std::size_t index = 0,
                                               milliseconds limit = kPatience) const;
  // Until the connection of request `index` is over, whoever closed it.
  bool wait_until_over(std::size_t index = 0, milliseconds limit = kPatience) const;
  // Until no connection is open.
  bool wait_until_idle(milliseconds limit = kPatience) const;

 private:
  void accept_connections();
  void serve(std::size_t connection, Endpoint& endpoint);
  bool serve_request(std::size_t connection, Endpoint& endpoint, std::string& unread);
  bool read_body(std::size_t request, Endpoint& endpoint, std::string& unread);
  // Returns whether the connection continues.
  bool run(const Script& script, std::size_t request, Endpoint& endpoint, std::string& unread);
  Io run_step(const Script::Step& step, std::size_t request, Endpoint& endpoint,
              std::string& unread);
  Io receive(Endpoint& endpoint, std::string& unread);
  Script script_for(const SeenRequest& request);
  void note_end(std::size_t connection, Io how);

  template <class Condition>
  bool wait_until(milliseconds limit, Condition condition) const;
  // The position in seen_ of request `index`, not counting those for models.
  std::optional<std::size_t> find_request(std::size_t index) const;

  SSL_CTX* const tls_;
  ListeningSocket listening_;
  Latch stopped_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Script> next_;
  Chooser otherwise_;
  Script models_;
  Script greeting_;
  std::vector<SeenRequest> seen_;
  std::vector<SeenConnection> connections_;
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;  // last: it uses everything above
};

}  // namespace penstock::testing
