#include "prices/price_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "config/money.h"
#include "core/json_reader.h"
#include "core/text.h"
#include "prices/price_field.h"

namespace penstock::prices {
namespace {

constexpr std::string_view kSample = "sample_spec";
constexpr JsonBounds kBounds{.depth = 32, .values = 4'000'000};

// Reads one text; messages begin with the position in it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<NamedPrices> read() const {
    const auto document = JsonDocument::read(text_, kBounds);
    if (!document) return failed(document.error().position, document.error().message());
    const JsonValue root = document->root();
    if (!root.is_object()) return failed(root, "expected an object with an object for each model");
    NamedPrices prices;
    for (const JsonMember& member : root.members()) {
      const std::string name = member.key->text();
      if (name == kSample || name.starts_with('_')) continue;
      Result<std::optional<Price>> price = model(name, member.value);
      if (!price) return failure(std::move(price.error()));
      if (*price) prices.emplace(name, std::move(**price));
    }
    return prices;
  }

 private:
  std::unexpected<Error> failed(std::size_t position, std::string_view what) const {
    const std::string_view before = text_.substr(0, position);
    const auto lines = static_cast<std::size_t>(std::ranges::count(before, '\n'));
    const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    return failure(
        Error::client(ErrorKind::kInvalidRequest,
                      fmt::format("{}:{}: {}", lines + 1, position - line_begin + 1, what)));
  }
  std::unexpected<Error> failed(const JsonValue& value, std::string_view what) const {
    return failed(static_cast<std::size_t>(value.raw().data() - text_.data()), what);
  }

  Result<std::int64_t> number(std::string_view name, const JsonValue& value) const {
    const auto price = config::parse_price(value.raw());
    if (price) return *price;
    return failed(value, fmt::format("{} is no price: expected a number of dollars from 0 to {}",
                                     json_quoted(name), config::kPriceMax / config::kPicoDollars));
  }

  Result<std::optional<Price>> model(std::string_view name, const JsonValue& value) const {
    if (!value.is_object()) {
      return failed(
          value, fmt::format("expected an object of prices for the model {}", json_quoted(name)));
    }
    std::vector<StatedBand> bands;
    const Status read = take_members(value, 0, bands);
    if (!read) return failure(read.error());
    return Price::of(std::move(bands));
  }

  // The prices in `object`, which are of requests with more input tokens than `above`.
  Status take_members(const JsonValue& object, std::uint64_t above,
                      std::vector<StatedBand>& bands) const {
    for (const JsonMember& member : object.members()) {
      const std::string name = member.key->text();
      if (member.value.is_null()) continue;
      const Status taken = take_member(name, member.value, above, bands);
      if (!taken) return taken;
    }
    return {};
  }

  Status take_member(std::string_view name, const JsonValue& value, std::uint64_t above,
                     std::vector<StatedBand>& bands) const {
    if (name == "tiered_pricing") return take_tiers(value, bands);
    if (name == "search_context_cost_per_query") return take_search(value, bands);
    const std::optional<PriceField> field = price_field_of(name);
    if (!field) return {};
    const Result<std::int64_t> price = number(name, value);
    if (!price) return failure(price.error());
    StatedBand& band = band_above(std::max(above, field->above), bands);
    auto& rate =
        band.tiers[static_cast<std::size_t>(field->tier)][static_cast<std::size_t>(field->item)];
    // Of two names for the same, the dearer one: a second of audio is stated as input and output.
    rate = std::max(rate, std::optional(*price));
    return {};
  }

  // `[{"range": [0, 256000], "input_cost_per_token": …}, …]`
  Status take_tiers(const JsonValue& tiers, std::vector<StatedBand>& bands) const {
    for (const JsonMember& tier : tiers.members()) {
      const auto range = tier.value.find("range");
      if (!range) continue;  // of something else than input tokens
      const auto first = range->members();
      const auto above = first.begin() == first.end()
                             ? std::nullopt
                             : config::parse_money((*first.begin()).value.raw());
      if (!above) return failed(*range, "`range` is no list of counts of tokens");
      const auto tokens = static_cast<std::uint64_t>(*above / config::kMicroDollars);
      const Status taken = take_members(tier.value, tokens, bands);
      if (!taken) return taken;
    }
    return {};
  }

  // By how much of the web is looked at. Answers do not tell: it is medium if nobody says another.
  Status take_search(const JsonValue& sizes, std::vector<StatedBand>& bands) const {
    const auto medium = sizes.find("search_context_size_medium");
    if (!medium || medium->is_null()) return {};
    const Result<std::int64_t> price = number("search_context_size_medium", *medium);
    if (!price) return failure(price.error());
    band_above(0, bands).tiers[0][static_cast<std::size_t>(Item::kSearch)] = *price;
    return {};
  }

  static StatedBand& band_above(std::uint64_t above, std::vector<StatedBand>& bands) {
    const auto found = std::ranges::find(bands, above, &StatedBand::above);
    return found != bands.end() ? *found : bands.emplace_back(StatedBand{.above = above});
  }

  std::string_view text_;
};

}  // namespace

Result<NamedPrices> read_prices(std::string_view text) {
  return Reader(text).read();
}

}  // namespace penstock::prices
