#pragma once

// Service: the whole server in one process, assembled from its parts.
//
// start() opens the port, starts the threads and returns when requests are served. Owned by main()
// (or a test); its members may be called from any thread. ARCHITECTURE.md describes the threads and
// the order of startup and shutdown.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/listening_place.h"
#include "config/settings.h"
#include "core/result.h"
#include "gateway/reload_endpoint.h"
#include "net/loop_pulse.h"
#include "telemetry/log.h"

namespace penstock::app {

class Service {
 public:
  // Fails with kInternal if the port, a certificate or a file cannot be used. `log` and `reloader`,
  // who is asked by POST /penstock/reload (null: nobody), outlive the service.
  static Result<std::unique_ptr<Service>> start(std::shared_ptr<const config::Settings> settings,
                                                telemetry::Log& log,
                                                gateway::Reloader* reloader = nullptr);
  // Serves new requests as `settings` say; those that are open end as they began. The port and the
  // threads stay what they are: the caller has made sure that the settings do not say otherwise.
  // Returns when all threads serve the new configuration: at once, or a second later if upstreams
  // do not list their models. Fails with kInternal as start() does, or if the server is ending;
  // then nothing changes. One reload at a time: others wait for it.
  Status reload(std::shared_ptr<const config::Settings> settings);
  // Counts a configuration that was not even tried.
  void reload_refused();
  // What would keep start() from serving, one line each: certificates, keys, authorities, ciphers,
  // the access log, the host. Not a port in use: a file may be checked while its server runs.
  static std::vector<std::string> faults_of(const config::Settings& settings);
  // Cuts what is still open, and joins.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Where it listens: for clients, and for operators apart from them; null: nowhere else.
  const ListeningPlace& place() const;
  const ListeningPlace* admin_place() const;

  // The number of models in the list at present.
  std::size_t models() const;
  // The configuration that is served.
  std::shared_ptr<const config::Settings> settings() const;

  // Goes on in a new file of the access log's path, whose file may have been renamed. Fails with
  // kInternal if there can be none; the log then goes on where it was.
  Status reopen_access_log();
  // Of its threads, while they run.
  net::LoopPulse& pulse();

  // Starts a drain: the server is not ready any more. After settings.server.drain.delay it takes no
  // new work, and open work may finish for settings.server.timeouts.drain. Returns at once.
  void drain();
  // Ends at once: open work is cut. Returns at once.
  void stop();
  // Blocks until the threads have ended, after drain() or stop().
  void wait();

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace penstock::app
