#pragma once

// KillableUpstream: an upstream in a process of its own, which can be killed as a crash would.
//
// It answers `GET …/models` with a list, and everything else with the beginning of a stream: the
// head and two events, and then nothing. It holds any number of connections in one thread, and its
// sockets are not among the test's own. To be made while the test has no other thread.

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace penstock::testing {

class KillableUpstream {
 public:
  static constexpr int kEvents = 2;

  KillableUpstream();
  // Kills it.
  ~KillableUpstream();
  KillableUpstream(const KillableUpstream&) = delete;
  KillableUpstream& operator=(const KillableUpstream&) = delete;

  std::string url() const;
  // With SIGKILL: the kernel closes its connections. Returns when it is gone.
  void kill();

 private:
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace penstock::testing
