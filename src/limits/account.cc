#include "limits/account.h"

#include <algorithm>

namespace penstock::limits {
namespace {

Rate per_minute(std::uint32_t requests) {
  return {.amount = requests, .period = std::chrono::minutes(1), .burst = requests};
}

bool has_limits(const config::ApiKey& key) {
  return key.requests_per_minute > 0 || key.concurrency > 0;
}

std::shared_ptr<Usage> usage_of(const std::string& name, const Accounts& earlier) {
  const auto same = std::ranges::find_if(
      earlier, [&](const auto& account) { return account != nullptr && account->name() == name; });
  return same == earlier.end() ? std::make_shared<Usage>() : (*same)->usage();
}

}  // namespace

OpenRequest::~OpenRequest() {
  if (account_ != nullptr) account_->usage_->open.fetch_sub(1, std::memory_order_relaxed);
}

void OpenRequest::give_back(SteadyTime now) {
  if (account_ == nullptr || !account_->limits_requests()) return;
  account_->usage_->requests.give_back(account_->requests_, 1, taken_, now);
}

Account::Account(const config::ApiKey& key, std::shared_ptr<Usage> usage)
    : name_(key.name),
      requests_(per_minute(key.requests_per_minute)),
      concurrency_(key.concurrency),
      usage_(std::move(usage)) {}

bool Account::open_one() const {
  std::uint32_t open = usage_->open.load(std::memory_order_relaxed);
  do {
    if (concurrency_ > 0 && open >= concurrency_) return false;
  } while (!usage_->open.compare_exchange_weak(open, open + 1, std::memory_order_relaxed));
  return true;
}

std::expected<OpenRequest, Refusal> Account::admit(SteadyTime now) const {
  if (!open_one()) {
    return std::unexpected(Refusal{.by = Refusal::By::kConcurrency, .limit = concurrency_});
  }
  OpenRequest request(*this, {});
  if (!limits_requests()) return request;
  const RateMeter::Taken taken = usage_->requests.take(requests_, 1, now);
  if (!taken) {
    return std::unexpected(
        Refusal{.by = Refusal::By::kRequests, .limit = requests_.amount, .wait = taken.wait});
  }
  request.taken_ = taken;
  return request;
}

Accounts accounts_of(const std::vector<config::ApiKey>& keys, const Accounts& earlier) {
  Accounts accounts;
  for (const config::ApiKey& key : keys) {
    accounts.push_back(has_limits(key) ? std::make_shared<Account>(key, usage_of(key.name, earlier))
                                       : nullptr);
  }
  return accounts;
}

}  // namespace penstock::limits
