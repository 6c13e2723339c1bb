#include "gateway/pin_tap.h"

#include <array>
#include <optional>
#include <vector>

#include "wire/apis/error_event.h"
#include "wire/bodies/pinned_ids.h"

namespace penstock::gateway {
namespace {

// The event that names a response first, and those that repeat all of it. Within a text they would
// have backslashes before their quotes.
constexpr std::string_view kFirstEvent = R"("response.created")";
constexpr std::array<std::string_view, 3> kLastEvents = {
    R"("response.completed")", R"("response.incomplete")", R"("response.failed")"};
constexpr std::string_view kItemEvent = R"("response.output_item.done")";
constexpr std::string_view kSealed = R"("encrypted_content")";

bool names_response(std::string_view event) {
  if (event.contains(kFirstEvent)) return true;
  for (const std::string_view last : kLastEvents) {
    if (event.contains(last)) return true;
  }
  return false;
}

bool has_sealed_item(std::string_view event) {
  return event.contains(kItemEvent) && event.contains(kSealed);
}

// A request that makes something which its provider keeps.
bool makes_object(const PassedRequest& request) {
  const Exchange& exchange = request.exchange;
  return exchange.facts().method.view() == "POST" &&
         (exchange.passing().model_named == ModelNamed::kEarlier ||
          request.match.served->route.path == kAnyPath);
}

}  // namespace

PinTap::PinTap(routing::Pins& pins, std::string_view provider_id, std::string_view model,
               Reads reads, std::size_t event_bytes_max)
    : pins_(pins),
      provider_id_(provider_id),
      model_(model),
      reads_(reads),
      event_bytes_max_(event_bytes_max) {}

void PinTap::take_events(std::string_view passed, SteadyTime now) {
  while (!passed.empty() && !is_done_) {
    const std::optional<std::size_t> end = splitter_.next(passed);
    const std::string_view part = passed.substr(0, end.value_or(passed.size()));
    passed.remove_prefix(part.size());
    if (end && begun_.empty() && !begun_is_large_) {
      take_event(part, now);
      continue;
    }
    if (begun_.size() + part.size() > event_bytes_max_) begun_is_large_ = true;
    if (begun_is_large_) {
      begun_ = {};
    } else {
      begun_.append(part);
    }
    if (!end) continue;
    end_events(now);
    begun_is_large_ = false;
  }
}

void PinTap::end_events(SteadyTime now) {
  if (!begun_.empty()) take_event(begun_, now);
  begun_ = {};
}

void PinTap::take_event(std::string_view event, SteadyTime now) {
  const bool names = names_response(event);
  if (!names && (reads_ == Reads::kFirstId || !has_sealed_item(event))) return;
  remember_ids(wire::event_data(event), now);
  is_done_ = reads_ == Reads::kFirstId;
}

void PinTap::take_json(std::string_view text, SteadyTime now) {
  remember_ids(text, now);
  is_done_ = true;
}

void PinTap::remember_ids(std::string_view text, SteadyTime now) {
  const std::vector<wire::PinnedId> ids = wire::ids_of_answer(text);
  if (ids.empty()) return;
  const auto provider = pins_.target(provider_id_, {});
  const auto target = model_.empty() ? provider : pins_.target(provider_id_, model_);
  for (const wire::PinnedId& id : ids) {
    pins_.remember(id.digest, id.to == wire::PinnedTo::kTarget ? target : provider, now);
  }
}

std::unique_ptr<PinTap> pin_tap_for(const PassedRequest& request, const PinSource& source,
                                    BodyKind kind) {
  const Exchange& exchange = request.exchange;
  if (request.upstreams.pins == nullptr) return nullptr;
  if (kind != BodyKind::kJson && kind != BodyKind::kEvents) return nullptr;
  const bool is_response = exchange.facts().api() == wire::Api::kResponses &&
                           exchange.passing().model_named == ModelNamed::kNow;
  const bool is_object = kind == BodyKind::kJson && makes_object(request);
  if (!is_response && !is_object) return nullptr;
  const auto reads = source.model.empty() ? PinTap::Reads::kFirstId : PinTap::Reads::kEverything;
  return std::make_unique<PinTap>(*request.upstreams.pins,
                                  request.upstreams.settings[source.provider].id, source.model,
                                  reads, exchange.server().limits.event_bytes);
}

}  // namespace penstock::gateway
