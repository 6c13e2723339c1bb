#pragma once

// ReloadQueue: the way of requests for a reload from the I/O threads to the run loop.
//
// Requests that wait together are answered by one reload. Owned by the command that serves; any
// thread may request, and the run loop answers.

#include <functional>
#include <mutex>
#include <vector>

#include "gateway/reload_endpoint.h"

namespace penstock::app {

class ReloadQueue final : public gateway::Reloader {
 public:
  ReloadQueue();
  ~ReloadQueue() override;
  ReloadQueue(const ReloadQueue&) = delete;
  ReloadQueue& operator=(const ReloadQueue&) = delete;

  void request(Done done) override;

  // Readable while a request waits.
  int descriptor() const { return descriptor_; }
  // Answers all that wait with the result of one `reload`; does nothing if none does.
  void answer(const std::function<gateway::ReloadResult()>& reload);

 private:
  const int descriptor_;  // an eventfd
  std::mutex mutex_;
  std::vector<Done> waiting_;
};

}  // namespace penstock::app
