#include "config/decode_prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "config/money.h"

namespace penstock::config {
namespace {

// What a million tokens cost in micro-dollars is what one costs in pico-dollars.
constexpr std::int64_t kMillionMax = 1'000'000 * kMicroDollars;

std::optional<std::int64_t> dollars(Decoder& decoder, const Node& node) {
  if (node.kind == Node::Kind::kScalar) {
    const auto amount = parse_money(node.text);
    if (amount && *amount <= kMillionMax) return amount;
  }
  decoder.error(node, fmt::format("expected US dollars for a million tokens, from 0 to {}, with at "
                                  "most six decimals",
                                  money_text(kMillionMax)));
  return std::nullopt;
}

template <auto field>
void decode_dollars(Decoder& decoder, const Node& node, OwnPrice& price) {
  store(dollars(decoder, node), price.*field);
}

constexpr std::array kOwnPriceKeys = {
    Key<OwnPrice>{"model", "text", "",
                  [](Decoder& decoder, const Node& node, OwnPrice& price) {
                    store(decoder.text(node), price.model);
                  },
                  Use::kRequired},
    Key<OwnPrice>{"input", "amount of dollars", "", decode_dollars<&OwnPrice::input>,
                  Use::kRequired},
    Key<OwnPrice>{"output", "amount of dollars", "", decode_dollars<&OwnPrice::output>,
                  Use::kRequired},
    Key<OwnPrice>{"cached_input", "amount of dollars", "none",
                  decode_dollars<&OwnPrice::cached_input>},
    Key<OwnPrice>{"cache_write", "amount of dollars", "none",
                  decode_dollars<&OwnPrice::cache_write>},
    Key<OwnPrice>{"cache_write_1h", "amount of dollars", "none",
                  decode_dollars<&OwnPrice::cache_write_1h>},
};

void decode_own(Decoder& decoder, const Node& node, Prices& prices) {
  const auto items = decoder.list(node);
  if (!items) return;
  for (const Node& item : *items) {
    OwnPrice price;
    decode_section<OwnPrice>(decoder, item, kOwnPriceKeys, price);
    const Node* const model = item.find("model");
    const bool is_known =
        std::ranges::find(prices.own, price.model, &OwnPrice::model) != prices.own.end();
    if (model != nullptr && is_known) {
      decoder.error(*model, "another entry has the same model");
    }
    prices.own.push_back(std::move(price));
  }
}

constexpr std::array kPricesKeys = {
    Key<Prices>{"file", "file", "none",
                [](Decoder& decoder, const Node& node, Prices& prices) {
                  store(decoder.readable_file(node), prices.file);
                }},
    Key<Prices>{"override", "list", "[]", decode_own, Use::kOptional,
                [](const std::string& path, KnownKeys& out) {
                  list_section<OwnPrice>(path + "[]", kOwnPriceKeys, out);
                }},
    Key<Prices>{"unpriced", "refuse, allow or estimate", "allow",
                [](Decoder& decoder, const Node& node, Prices& prices) {
                  store(decoder.choice(node, kUnpricedWords), prices.unpriced);
                }},
};

}  // namespace

void decode_prices(Decoder& decoder, const Node& node, Draft& draft) {
  decode_section<Prices>(decoder, node, kPricesKeys, draft.settings.prices);
}

void list_prices_keys(const std::string& path, KnownKeys& out) {
  list_section<Prices>(path, kPricesKeys, out);
}

}  // namespace penstock::config
