#pragma once

// Service: the whole server in one process, put together from its parts.
//
// start() opens the port, starts the threads and returns when requests are served. The object is
// owned by main() (or a test); its members may be called from any thread. Threads, order of
// start and order of shutdown: ARCHITECTURE.md.

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
  // Fails with kInternal where the port, a certificate or a file cannot be used. `log` outlives
  // the service.
  static Result<std::unique_ptr<Service>> start(std::shared_ptr<const config::Settings> settings,
                                                telemetry::Log& log);
  // What would keep start() from serving, one line each: certificates, keys, authorities, ciphers,
  // the access log, the host. Not a port in use: a file is checked while its server runs.
  static std::vector<std::string> faults_of(const config::Settings& settings);
  // Cuts what is left, and joins.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Where it listens, as "127.0.0.1:8321"; the port is the real one where 0 was asked for.
  std::string address() const;
  std::uint16_t port() const;

  // How many models clients find in the list now.
  std::size_t models() const;

  // Begins an orderly end: not ready any more, what is open is finished until
  // settings.server.timeouts.drain. Returns at once.
  void drain();
  // Ends at once: what is open is cut. Returns at once.
  void stop();
  // Blocks until the threads have ended, after drain() or stop().
  void wait();

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace penstock::app
