#include "providers/keys.h"

#include <algorithm>

#include "config/credentials.h"
#include "core/text.h"

namespace penstock::providers {

using Owner = ChosenKey::Owner;

Keys::Keys(const config::Provider& settings) : settings_(settings) {
  callers_.push_back(settings_.id + "_api_key");
  callers_.insert(callers_.end(), settings_.caller_keys.begin(), settings_.caller_keys.end());
}

ChosenKey Keys::choose(const Endpoint& endpoint, const ProviderData* data) const {
  ChosenKey chosen;
  const bool operator_has_one = !endpoint.key_field.empty();
  if (operator_has_one) chosen.owner = Owner::kOperator;
  const bool is_settled =
      operator_has_one && settings_.key_order == config::KeyOrder::kOperatorFirst;
  const std::string_view name = config::key_field_name(endpoint.auth);
  if (is_settled || data == nullptr || name.empty()) return chosen;
  chosen.callers = data->find_any(callers_);
  if (chosen.callers != nullptr) {
    chosen.owner = Owner::kCaller;
  } else if (caller_sets(settings_, name, *data)) {
    chosen.owner = Owner::kForwardedField;
  }
  return chosen;
}

void add_key(http::FieldBlock& out, config::KeyForm form, const Secret& key) {
  out.add(config::key_field_name(form), config::key_field_value(form, key.reveal()));
}

bool operator_sets(const config::Provider& settings, std::string_view name) {
  return std::ranges::any_of(settings.headers, [&](const config::Provider::Header& header) {
    return equals_ignoring_case(header.name, name);
  });
}

bool caller_sets(const config::Provider& settings, std::string_view name,
                 const ProviderData& data) {
  return std::ranges::any_of(settings.forward_headers, [&](const auto& forwarded) {
    return equals_ignoring_case(forwarded.header, name) && data.find(forwarded.key) != nullptr;
  });
}

}  // namespace penstock::providers
