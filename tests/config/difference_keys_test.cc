// A setting that a comparison overlooks would change unseen.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>

#include "config/difference.h"
#include "config/key_files.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using Values = std::map<std::string_view, std::string_view>;

// A value for each type of key that is the default of none of them.
const Values kOtherValues = {
    {"integer", "9"},
    {"number", "0.7"},
    {"duration", "77"},
    {"duration or mapping", "{connect: 77}"},
    {"p95 or duration", "77"},
    {"size", "9KiB"},
    {"text", "other"},
    {"amount of dollars", "0.7"},
    {"host", "127.0.0.2"},
    {"host or unix:PATH", "127.0.0.2"},
    {"false, URL or mapping", "http://other.test"},
    {"list of addresses", "[10.0.0.0/8]"},
    {"URL", "http://other.test/v1"},
    {"file", PENSTOCK_SOURCE_DIR "/LICENSE"},
    {"list of text", "[other]"},
    {"list of hosts", "[other]"},
    {"list of integers", "[429]"},
    {"list of session, prompt_cache_key, user, prefix or api_key", "[session]"},
    {"mapping of text", "{x-other: other}"},
    {"mapping of lists", "{a: [b]}"},
    {"integer or amount of dollars", "9"},
    {"list of paths", "[/other]"},
    {"list of patterns", "[other]"},
    {"pattern", "other"},
    {"period", "3d"},
    {"time", "2027-01-01"},
    {"path", "/other"},
    {"days", "9d"},
    {"time zone", "Europe/Berlin"},
};

// Where that value cannot be, or not alone: further keys follow on lines of their own.
const Values kValuesOfKeys = {
    {"providers.inference[].config.forward_headers", "{other: x-other}"},
    {"providers.inference[].config.network.tls.client_cert",
     PENSTOCK_SOURCE_DIR "/LICENSE\nclient_key: " PENSTOCK_SOURCE_DIR "/LICENSE"},
    {"providers.inference[].config.network.tls.client_key",
     PENSTOCK_SOURCE_DIR "/LICENSE\nclient_cert: " PENSTOCK_SOURCE_DIR "/LICENSE"},
    {"providers.inference[].config.network.limits.max_waiting", "9\nmax_connections: 9"},
    {"providers.inference[].config.network.proxy.http", "http://other.test"},
    {"providers.inference[].config.network.proxy.https", "http://other.test"},
    {"providers.inference[].config.network.proxy.cacert",
     PENSTOCK_SOURCE_DIR "/LICENSE\nurl: http://other.test"},
    {"providers.inference[].config.network.proxy.no_proxy", "[other]\nurl: http://other.test"},
    {"providers.inference[].config.query", "{k: other}\nbase_url: http://other.test"},
    {"server.tls_certfile",
     PENSTOCK_SOURCE_DIR "/LICENSE\ntls_keyfile: " PENSTOCK_SOURCE_DIR "/LICENSE"},
    {"server.tls_keyfile",
     PENSTOCK_SOURCE_DIR "/LICENSE\ntls_certfile: " PENSTOCK_SOURCE_DIR "/LICENSE"},
    {"server.tls_cafile",
     PENSTOCK_SOURCE_DIR "/LICENSE\ntls_certfile: " PENSTOCK_SOURCE_DIR
                         "/LICENSE\ntls_keyfile: " PENSTOCK_SOURCE_DIR "/LICENSE"},
    {"server.socket_mode", "\"0600\""},
    {"server.proxy_protocol", "true\ntrusted_proxies: [10.0.0.1]"},
    {"server.access_log", "./other.log"},
    {"store.url", "postgres://db\ntype: postgres"},
    {"store.redis", "redis://r"},
    {"store.type", "off"},
    {"server.api_keys[].budgets[].soft_percent", "[80]"},
    {"server.reload.debounce", "0.7"},
    {"server.cors.allow_origins", "[\"https://other.test\"]"},
    {"routing.defaults.check.path", "/other"},
    {"routing.defaults.retry.backoff.initial", "0.077"},
    {"routing.routes[].fallbacks.any", "[p/other]"},
    {"routing.routes[].fallbacks.context_window", "[p/other]"},
    {"routing.routes[].fallbacks.content_policy", "[p/other]"},
};

// One of the words of `a, b or c`, and not the default.
std::optional<std::string> other_word(const KnownKey& key) {
  static const std::regex kBetween(" or |, ");
  const std::sregex_token_iterator end;
  for (std::sregex_token_iterator word(key.type.begin(), key.type.end(), kBetween, -1); word != end;
       ++word) {
    if (word->str() != key.default_value) return word->str();
  }
  return std::nullopt;
}

std::optional<std::string> other_value(const KnownKey& key) {
  const auto own = kValuesOfKeys.find(key.path);
  if (own != kValuesOfKeys.end()) return std::string(own->second);
  if (key.type.starts_with("boolean")) return key.default_value == "true" ? "false" : "true";
  const auto of_type = kOtherValues.find(key.type);
  if (of_type != kOtherValues.end()) return std::string(of_type->second);
  return key.type.contains(" or ") ? other_word(key) : std::nullopt;
}

// Further lines of a value stand below its key.
std::string file_with_lines(std::string_view path, std::string_view lines) {
  const std::size_t end = std::min(lines.find('\n'), lines.size());
  std::string text = file_with(path, lines.substr(0, end));
  const std::size_t last_line = text.rfind('\n', text.size() - 2) + 1;
  const std::string indent(text.find_first_not_of("- ", last_line) - last_line, ' ');
  std::string rest(lines.substr(end));
  for (std::size_t at = 0; (at = rest.find('\n', at)) != std::string::npos;) {
    rest.insert(++at, indent);
  }
  if (!rest.empty()) text += rest.substr(1) + "\n";
  return with_required_keys(text);
}

// `server.api_keys[].name` of `server.api_keys[alice].name`.
std::string key_of(const Change& change) {
  return std::regex_replace(change.path, std::regex("\\[[^\\]]*\\]"), "[]");
}

// What only some types of provider have is what others have under another name.
bool is_of_a_type(std::string_view path) {
  return path == "providers.inference[].config.api_token" ||
         path == "providers.inference[].config.aws_bedrock_bearer_token";
}

// One of several that an entry must have.
bool is_one_of_several(std::string_view path) {
  constexpr std::string_view kKeys = "server.api_keys[].";
  if (!path.starts_with(kKeys)) return false;
  path.remove_prefix(kKeys.size());
  return path == "key" || path == "key_hash" || path == "budgets[].name" ||
         path.starts_with("budgets[].max_") || path.starts_with("budgets[].override.");
}

bool refers_to_owners(std::string_view path) {
  return path.ends_with("[].organization") || path.ends_with("[].team") ||
         path.ends_with("[].user");
}

// Names of entries, which are required, and what refers to another section are in
// difference_test.cc.
bool is_compared(const KnownKey& key) {
  const bool is_value = key.type != "ignored" && key.type != "accepted" && key.type != "list" &&
                        key.type != "mapping";
  const bool is_required = key.default_value.empty();
  return is_value && !is_required && key.path != "version" && key.path != "apis" &&
         key.path != "registered_resources.models[].provider_id" && key.path != "admin.tls" &&
         key.path != "server.ready_requires" && key.path != "server.quota.period" &&
         !is_another_way_to_say(key.path) && !is_of_a_type(key.path) &&
         !is_one_of_several(key.path) && !refers_to_owners(key.path);
}

TEST(Difference, SeesEveryKeyThatThereIs) {
  std::size_t compared = 0;
  for (const KnownKey& key : known_keys()) {
    if (!is_compared(key)) continue;
    const std::optional<std::string> value = other_value(key);
    ASSERT_TRUE(value) << key.path << " needs a value of the type " << key.type;
    const Loaded before = load(with_required_keys(file_with(key.path, "")));
    const Loaded after = load(file_with_lines(key.path, *value));
    ASSERT_TRUE(before.settings) << key.path << testing::PrintToString(texts_of(before));
    ASSERT_TRUE(after.settings) << key.path << testing::PrintToString(texts_of(after));
    const std::vector<Change> changes = changes_between(*before.settings, *after.settings);
    const bool is_seen = std::ranges::any_of(
        changes, [&](const Change& change) { return key_of(change).starts_with(key.path); });
    EXPECT_TRUE(is_seen) << key.path;
    ++compared;
  }
  EXPECT_GT(compared, 100U);
}

}  // namespace
}  // namespace penstock::config
