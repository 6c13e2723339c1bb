#pragma once

// ModelList: the answer to GET /v1/models, rendered once for each catalog, a slice at a time, and
// shared by every answer that is being sent. Its credentials are masked. Belongs to one thread.

#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/secret_guard.h"
#include "core/task.h"
#include "models/catalog.h"
#include "net/event_loop.h"
#include "net/signal.h"

namespace penstock::gateway {

class ModelList {
 public:
  // All of it outlives the list.
  ModelList(net::EventLoop& loop, const SecretGuard& secrets,
            const std::vector<config::Provider>& providers)
      : loop_(loop), secrets_(secrets), providers_(providers) {}
  ModelList(const ModelList&) = delete;
  ModelList& operator=(const ModelList&) = delete;

  // The whole list of a catalog. If several requests need it at once, the first renders it and the
  // others wait, even if their client leaves, since it takes milliseconds.
  Task<std::shared_ptr<const std::string>> of(std::shared_ptr<const models::Catalog> catalog);

 private:
  class Rendering;

  Task<std::string> render(const models::Catalog& catalog) const;
  Task<std::size_t> bytes_of(const models::Catalog& catalog) const;

  net::EventLoop& loop_;
  const SecretGuard& secrets_;
  const std::vector<config::Provider>& providers_;
  // Set while a list is rendered; raised when that has ended.
  std::shared_ptr<net::Signal> rendered_;
};

}  // namespace penstock::gateway
