// `penstock diff`: what would change from one configuration to another, by its effect on a running
// server.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands.h"
#include "app/configuration.h"
#include "config/confidential.h"
#include "config/difference.h"
#include "core/json_writer.h"
#include "core/text.h"

namespace penstock::app {
namespace {

using config::Change;
using config::Effect;

constexpr int kDiffers = 1;
constexpr std::size_t kValueBytesMax = 60;
constexpr std::string_view kCertificates =
    "Certificate files are read again at each reload, whether or not their names change.\n";

std::string shortened(const std::optional<std::string>& value) {
  if (!value) return "none";
  if (value->size() <= kValueBytesMax) return *value;
  const std::string_view start = std::string_view(*value).substr(0, kValueBytesMax);
  return std::string(start.substr(0, valid_utf8_bytes(start))) + "...";
}

// An entry of a list is named by its path; its values would fill the screen.
std::string shown(const Change& change) {
  const bool is_whole_entry = change.path.ends_with(']') && (!change.before || !change.after);
  if (change.is_secret || is_whole_entry) return std::string(kind_of(change));
  return shortened(change.before) + " -> " + shortened(change.after);
}

std::string text_of(const std::vector<Change>& changes) {
  std::size_t width = 0;
  for (const Change& change : changes) width = std::max(width, change.path.size());
  std::string text;
  for (std::size_t i = 0; i < config::kEffects; ++i) {
    const auto effect = static_cast<Effect>(i);
    if (std::ranges::find(changes, effect, &Change::effect) == changes.end()) continue;
    if (!text.empty()) text += "\n";
    text.append(config::heading_of(effect)).append("\n");
    for (const Change& change : changes) {
      if (change.effect != effect) continue;
      text.append("  ").append(change.path).append(width - change.path.size() + 2, ' ');
      text.append(shown(change)).append("\n");
    }
  }
  return text;
}

std::string json_of(const std::vector<Change>& changes) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("changes").begin_array();
  for (const Change& change : changes) {
    json.begin_object().member("path", change.path);
    json.member("change", kind_of(change)).member("effect", config::word_of(change.effect));
    if (!change.is_secret && change.before) json.member("before", *change.before);
    if (!change.is_secret && change.after) json.member("after", *change.after);
    json.end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

bool has_certificates(const config::Settings& settings) {
  const auto has_files = [](const config::Provider& provider) {
    return !provider.tls.ca_file.empty() || !provider.tls.client_cert.empty();
  };
  return !settings.server.tls_certfile.empty() ||
         std::ranges::any_of(settings.providers, has_files);
}

}  // namespace

int diff(const DiffOptions& options) {
  const std::shared_ptr<config::Settings> before = load_configuration({.file = options.before});
  const std::shared_ptr<config::Settings> after = load_configuration({.file = options.after});
  if (before == nullptr || after == nullptr) return kMistake;
  const std::vector<Change> changes = config::changes_between(*before, *after);
  std::string text = options.json ? json_of(changes) : text_of(changes);
  if (!options.json && changes.empty()) text = "nothing changes\n";
  if (!options.json && has_certificates(*after)) text.append("\n").append(kCertificates);
  for (const auto& settings : {before, after}) config::confidential_of(*settings).mask(text);
  std::cout << text;
  return changes.empty() ? kSuccess : kDiffers;
}

}  // namespace penstock::app
