#pragma once

// What models cost, by the names of their upstreams: a file of prices, and the operator's own.
//
// Immutable: made when a configuration is read, and shared by threads.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "config/prices.h"
#include "core/result.h"
#include "prices/price.h"
#include "prices/price_file.h"

namespace penstock::prices {

class PriceTable {
 public:
  // Without any price.
  PriceTable() = default;

  // `file`: the text of a file of prices; empty: there is none. Fails as read_prices() does.
  static Result<PriceTable> read(std::string_view file, std::span<const config::OwnPrice> own = {});

  // The price of an upstream's model, which lives as long as the table; null: it has none, which is
  // not the same as free. The provider's type is as in its configuration: `remote::openai`.
  //
  // The operator's own prices come first, then the file's; in each, the name with the provider,
  // then the bare name. A name that ends with a date is looked for without it, too. Allocates
  // nothing.
  const Price* find(std::string_view provider_id, std::string_view provider_type,
                    std::string_view upstream_model) const;

  // The dearest price by input and output together: of the operator's own if there are any, else of
  // the file. Null: there is none.
  const Price* dearest() const;

  // Tells tables with different prices apart: 16 hexadecimal digits. Empty: there is no price.
  const std::string& version() const { return version_; }
  bool empty() const { return version_.empty(); }

 private:
  // A name's part before the first slash, empty if there is none, and what is behind it.
  using Name = std::pair<std::string_view, std::string_view>;
  struct Less {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return Name(a.first, a.second) < Name(b.first, b.second);
    }
  };
  using Prices = std::map<std::pair<std::string, std::string>, Price, Less>;

  static Name split(std::string_view name);
  static void put(Prices& prices, std::string_view name, Price price);
  static const Price* find_in(const Prices& prices, const Name& name);
  const Price* find_exactly(std::string_view id, std::string_view service,
                            std::string_view model) const;

  Prices own_;
  Prices file_;
  std::string version_;
};

}  // namespace penstock::prices
