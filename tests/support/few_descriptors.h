#pragma once

// FewDescriptors: while it lives, the process can open only as many descriptors as there were gaps
// below the highest; closing one makes room for one.

#include <stdexcept>

#include <sys/resource.h>
#include <unistd.h>

namespace penstock::testing {

class FewDescriptors {
 public:
  FewDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(STDERR_FILENO);
    if (next < 0) throw std::runtime_error("no descriptor at all");
    close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next);
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) throw std::runtime_error("setrlimit");
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace penstock::testing
