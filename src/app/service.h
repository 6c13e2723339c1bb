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

#include "config/settings.h"
#include "core/result.h"
#include "telemetry/log.h"

namespace penstock::app {

class Service {
 public:
  // Fails with kInternal if the port, a certificate or a file cannot be used. `log` outlives the
  // service.
  static Result<std::unique_ptr<Service>> start(std::shared_ptr<const config::Settings> settings,
                                                telemetry::Log& log);
  // What would keep start() from serving, one line each: certificates, keys, authorities, ciphers,
  // the access log, the host. Not a port in use: a file may be checked while its server runs.
  static std::vector<std::string> faults_of(const config::Settings& settings);
  // Cuts what is still open, and joins.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Where it listens, as "127.0.0.1:8321", with the actual port if 0 was configured.
  std::string address() const;
  std::uint16_t port() const;

  // The number of models in the list at present.
  std::size_t models() const;

  // Starts a drain: the server is not ready any more, and open work may finish until
  // settings.server.timeouts.drain. Returns at once.
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
