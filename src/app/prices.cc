// `penstock prices`: what models cost, and newer files of prices.

#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/price_source.h"
#include "app/price_text.h"
#include "prices/price_file.h"

namespace penstock::app {
namespace {

int told(std::string_view problem, int status) {
  std::cerr << "penstock: " << problem << "\n";
  return status;
}

struct PriceFile {
  std::string text;
  prices::NamedPrices prices;
};

Result<PriceFile> read_checked(const std::string& path) {
  Result<std::string> text = read_price_file(path);
  if (!text) return failure(std::move(text.error()));
  Result<prices::NamedPrices> prices = prices::read_prices(*text);
  if (!prices) {
    prices.error().message.insert(0, path + ":");
    return failure(std::move(prices.error()));
  }
  return PriceFile{.text = std::move(*text), .prices = std::move(*prices)};
}

// The type of the provider with that id; what is no id is a type.
std::string_view type_of(std::string_view provider, const config::Settings& settings) {
  for (const config::Provider& entry : settings.providers) {
    if (entry.id == provider) return entry.type;
  }
  return provider;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Whoever reads the file meanwhile has the old text or the new one. False: errno says why.
bool replace_file(const std::string& path, std::string_view text) {
  constexpr mode_t kForAll = 0644;  // prices are no secret, and the server is another user
  std::string temporary = path + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_written =
      write_all(descriptor, text) && ::fchmod(descriptor, kForAll) == 0 && ::fsync(descriptor) == 0;
  const int fault = errno;
  ::close(descriptor);
  if (is_written && ::rename(temporary.c_str(), path.c_str()) == 0) return true;
  const int last = is_written ? errno : fault;
  ::unlink(temporary.c_str());
  errno = last;
  return false;
}

// Empty after a mistake, which is written to stderr.
std::string target_of(const PricesUpdateOptions& options) {
  if (!options.to.empty()) return options.to;
  const std::shared_ptr<config::Settings> settings = load_configuration(options.config);
  if (settings == nullptr) return {};
  std::string path = price_file_of(*settings);
  if (path.empty()) {
    told("no file of prices is in use: name one with --to, and as prices.file in the configuration",
         kMistake);
  }
  return path;
}

}  // namespace

int show_price(const PricesShowOptions& options) {
  const std::shared_ptr<config::Settings> settings = load_configuration(options.config);
  if (settings == nullptr) return kMistake;
  const auto table = price_table_of(*settings);
  if (!table) return told(table.error().message, kMistake);
  const std::string_view type = type_of(options.provider, *settings);
  const prices::Price* const price = (*table)->find(options.provider, type, options.model);
  if (price == nullptr) {
    const std::string file = price_file_of(*settings);
    return told(options.model + " has no price" +
                    (file.empty() ? "; no file of prices is in use" : " in " + file),
                kFailed);
  }
  std::cout << options.model << ", US dollars for a million tokens\n" << price_lines(*price);
  return kSuccess;
}

int check_prices(const std::string& file) {
  const Result<PriceFile> checked = read_checked(file);
  if (!checked) return told(checked.error().message, kMistake);
  std::cout << file << ": " << checked->prices.size() << " models have a price\n";
  return kSuccess;
}

int update_prices(const PricesUpdateOptions& options) {
  if (options.from.find("://") != std::string::npos) {
    return told("--from takes a file: prices are money, so fetch " + options.from +
                    " yourself, look at it, and give the file",
                kMistake);
  }
  const Result<PriceFile> newer = read_checked(options.from);
  if (!newer) return told(newer.error().message, kMistake);
  if (newer->prices.empty()) return told(options.from + " has no price", kMistake);
  const std::string target = target_of(options);
  if (target.empty()) return kMistake;
  prices::NamedPrices before;
  if (::access(target.c_str(), F_OK) == 0) {
    Result<PriceFile> older = read_checked(target);
    // A broken file is replaced like one that is not there.
    if (older) before = std::move(older->prices);
  }
  const std::string changes = price_changes(before, newer->prices);
  if (!replace_file(target, newer->text)) {
    return told(target + " cannot be written: " + std::strerror(errno), kFailed);
  }
  std::cout << changes << target << ": " << newer->prices.size() << " models have a price"
            << (changes.empty() ? "; none has changed" : "") << "\n";
  return kSuccess;
}

}  // namespace penstock::app
