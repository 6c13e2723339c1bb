#pragma once

// Account: what an API key may use at most, and what it has used.
//
// What was used is shared by all threads, and by later configurations that have a key of that name:
// a reload forgives nothing. Admitting a request takes one atomic operation for each limit, and no
// lock, so as many pass as may, however many ask at once.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "core/clock.h"
#include "limits/rate.h"

namespace penstock::limits {

struct Usage {
  RateMeter requests;
  std::atomic<std::uint32_t> open{0};
};

class Account;

// A request that was charged to an account, and is open until this is destroyed. Any thread; the
// account outlives it.
class OpenRequest {
 public:
  OpenRequest() = default;
  OpenRequest(const Account& account, RateMeter::Taken taken) : account_(&account), taken_(taken) {}
  OpenRequest(OpenRequest&& other) noexcept { *this = std::move(other); }
  OpenRequest& operator=(OpenRequest&& other) noexcept {
    std::swap(account_, other.account_);
    std::swap(taken_, other.taken_);
    return *this;
  }
  ~OpenRequest();

  // It went to nobody: nothing is charged for it. Called at most once.
  void give_back(SteadyTime now);

 private:
  friend class Account;

  const Account* account_ = nullptr;  // null: none was charged
  RateMeter::Taken taken_;
};

struct Refusal {
  enum class By : std::uint8_t { kConcurrency, kRequests };

  By by = By::kConcurrency;
  std::int64_t limit = 0;
  std::chrono::nanoseconds wait{0};  // until the request would pass; concurrency: nobody knows
};

class Account {
 public:
  // `usage`: of the key of that name.
  Account(const config::ApiKey& key, std::shared_ptr<Usage> usage);

  const std::string& name() const { return name_; }
  const std::shared_ptr<Usage>& usage() const { return usage_; }

  // A refused request has used nothing.
  std::expected<OpenRequest, Refusal> admit(SteadyTime now) const;

  bool limits_requests() const { return requests_.amount > 0; }
  // Of an account that limits them: how many a minute, how many at once now, and when all are back.
  std::int64_t requests_per_minute() const { return requests_.amount; }
  RateMeter::View requests(SteadyTime now) const { return usage_->requests.view(requests_, now); }

 private:
  friend class OpenRequest;

  bool open_one() const;

  const std::string name_;
  const Rate requests_;              // amount 0: no limit
  const std::uint32_t concurrency_;  // 0: no limit
  const std::shared_ptr<Usage> usage_;
};

// For each of the keys, the account that it has; null: a key without limits. What was used is that
// of the key of the same name among `earlier`.
using Accounts = std::vector<std::shared_ptr<const Account>>;
Accounts accounts_of(const std::vector<config::ApiKey>& keys, const Accounts& earlier);

}  // namespace penstock::limits
