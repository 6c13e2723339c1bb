#include "config/describe_store.h"

#include <fmt/format.h>

#include <string>

#include "config/describe_terms.h"
#include "config/described_values.h"

namespace penstock::config {
namespace {

// User and password are compared, but not shown.
void write_store_url(DescriptionWriter& out, std::string_view key, const Secret& url) {
  if (url.empty()) return;
  std::string shown(url.reveal());
  const std::string_view hidden = user_information(url.reveal());
  if (hidden.empty()) return out.text(key, shown);
  const auto at = static_cast<std::size_t>(hidden.data() - url.reveal().data());
  shown.replace(at, hidden.size(), Secret::kMask);
  out.text(key, shown, url);
}

template <class Enumeration, class Words>
std::string_view store_word(Enumeration value, const Words& words) {
  return words[static_cast<std::size_t>(value)];
}

}  // namespace

void write_store(DescriptionWriter& out, const std::optional<StoreSettings>& store) {
  if (!store) return;
  out.open("store");
  out.text("type", store_word(store->type, kStoreTypes));
  out.text("path", store->path);
  write_store_url(out, "url", store->url);
  write_store_url(out, "redis", store->redis);
  out.close();
}

void write_limit_rules(DescriptionWriter& out, const LimitRules& rules) {
  if (rules == LimitRules()) return;
  out.open("limits");
  if (rules.defaults != Terms()) {
    out.open("defaults");
    write_terms(out, rules.defaults);
    out.close();
  }
  out.text("reserve", store_word(rules.reserve, kReserves));
  out.text("on_store_down", store_word(rules.on_store_down, kOnStoreDown));
  out.open("usage");
  out.text("inject", store_word(rules.usage.inject, kInjections));
  out.text("retention", fmt::format("{}d", rules.usage.retention.count()));
  out.literal("log", boolean(rules.usage.log));
  out.close();
  out.close();
}

void write_quota(DescriptionWriter& out, const std::optional<Quota>& quota) {
  if (!quota) return;
  out.open("quota");
  out.literal("anonymous_max_requests", fmt::format("{}", quota->anonymous_max_requests));
  out.literal("authenticated_max_requests", fmt::format("{}", quota->authenticated_max_requests));
  out.text("period", "day");
  out.close();
}

}  // namespace penstock::config
