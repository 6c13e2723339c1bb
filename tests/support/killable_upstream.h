#pragma once

// KillableUpstream: an upstream in a separate process, which can be killed to simulate a crash.
//
// It answers `GET …/models` with a list, and everything else with the start of a stream: the head
// and two events, and then nothing. It holds any number of connections in one thread, and its
// sockets are not among the test's own. Create it while the test has no other thread.

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
  // With SIGKILL: the kernel closes its connections. Returns when the process has ended.
  void kill();

 private:
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace penstock::testing
