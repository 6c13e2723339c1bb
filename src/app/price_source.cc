#include "app/price_source.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "app/file_text.h"
#include "prices/price_file.h"

namespace penstock::app {
namespace {

// Programs are installed in `bin`, and what they read in `share`, of the same folder.
std::string installed_price_file() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const std::filesystem::path file =
      program.parent_path().parent_path() / "share/penstock/prices.json";
  return std::filesystem::is_regular_file(file, error) ? file.string() : std::string();
}

bool limits_cost(const config::Terms& terms) {
  const auto is_of_cost = [](const auto& rule) { return rule.quantity == config::Quantity::kCost; };
  return std::ranges::any_of(terms.rates, is_of_cost) ||
         std::ranges::any_of(terms.budgets, is_of_cost);
}

}  // namespace

bool needs_prices(const config::Settings& settings) {
  if (!settings.prices.file.empty() || !settings.prices.own.empty()) return true;
  const auto limits = [](const auto& owner) { return limits_cost(owner.terms); };
  const config::Owners& owners = settings.owners;
  return std::ranges::any_of(settings.server.api_keys, limits) ||
         std::ranges::any_of(owners.organizations, limits) ||
         std::ranges::any_of(owners.teams, limits) || std::ranges::any_of(owners.users, limits);
}

std::string price_file_of(const config::Settings& settings) {
  return settings.prices.file.empty() ? installed_price_file() : settings.prices.file;
}

Result<std::string> read_price_file(const std::string& path) {
  std::optional<std::string> text = read_file(path, prices::kPriceFileBytesMax);
  if (!text) {
    return failure(
        Error::gateway(ErrorKind::kInternal, "the file of prices " + path + " cannot be read"));
  }
  if (text->size() > prices::kPriceFileBytesMax) {
    return failure(Error::gateway(ErrorKind::kInternal,
                                  "the file of prices " + path + " is larger than 64 MiB"));
  }
  return std::move(*text);
}

Result<std::shared_ptr<const prices::PriceTable>> price_table_of(const config::Settings& settings) {
  const std::string path = price_file_of(settings);
  std::string text;
  if (!path.empty()) {
    Result<std::string> read = read_price_file(path);
    if (!read) return failure(std::move(read.error()));
    text = std::move(*read);
  }
  auto table = prices::PriceTable::read(text, settings.prices.own);
  if (!table) {
    table.error().message.insert(0, path + ":");
    return failure(std::move(table.error()));
  }
  return std::make_shared<const prices::PriceTable>(std::move(*table));
}

}  // namespace penstock::app
