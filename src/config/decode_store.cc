#include "config/decode_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::array<std::string_view, 2> kPostgresSchemes = {"postgres", "postgresql"};
constexpr std::array<std::string_view, 4> kRedisSchemes = {"redis", "rediss", "valkey", "valkeys"};

// A password in the query would not be masked where the rest is shown.
std::string_view fault_of_store_url(std::string_view url,
                                    std::span<const std::string_view> schemes) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = url.find(kMark);
  const bool is_known =
      mark != std::string_view::npos && std::ranges::count(schemes, url.substr(0, mark)) > 0;
  if (!is_known || mark + kMark.size() == url.size()) return "expected a URL, such as ";
  const bool is_visible = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7F; });
  if (!is_visible) return "a URL has visible ASCII only; percent-encode the rest, as in ";
  const std::size_t query = std::min(url.find('?'), url.size());
  if (url.substr(query).contains("password=")) return "write the password before the host, as in ";
  return {};
}

template <Secret StoreSettings::* field, auto& schemes>
void decode_store_url(Decoder& decoder, const Node& node, StoreSettings& store) {
  const auto text = decoder.text(node);
  if (!text) return;
  const std::string_view fault = fault_of_store_url(*text, schemes);
  if (!fault.empty()) {
    return decoder.error(node, fmt::format("{}{}://USER:PASSWORD@HOST", fault, schemes.front()));
  }
  store.*field = Secret(*text);
}

constexpr std::array kStoreKeys = {
    Key<StoreSettings>{"type", "sqlite, postgres or off", "sqlite",
                       [](Decoder& decoder, const Node& node, StoreSettings& settings) {
                         store(decoder.choice(node, kStoreTypes), settings.type);
                       }},
    Key<StoreSettings>{"path", "path", "/var/lib/penstock",
                       [](Decoder& decoder, const Node& node, StoreSettings& settings) {
                         store(decoder.path_text(node), settings.path);
                         if (settings.path.empty()) decoder.error(node, "expected a folder");
                       }},
    Key<StoreSettings>{"url", "database URL", "none",
                       decode_store_url<&StoreSettings::url, kPostgresSchemes>},
    Key<StoreSettings>{"redis", "database URL", "none",
                       decode_store_url<&StoreSettings::redis, kRedisSchemes>},
};

// One of the backends of `storage`, as far as it says where a store may be.
class Backend {
 public:
  Backend(Decoder& decoder, const Node& node) : decoder_(decoder), node_(node) {}

  std::string text(std::string_view key) const { return decoder_.text_if_any(node_, key); }

  bool is_postgres() const { return is_of("postgres"); }
  bool is_sqlite() const { return is_of("sqlite"); }

  // With what the reference takes apart: host, port, db, user and password.
  std::string url() const {
    if (std::string whole = text("connection_string"); !whole.empty()) return whole;
    const auto part = [&](std::string_view key, std::string_view standard) {
      const std::string value = text(key);
      return value.empty() ? std::string(standard) : percent_encode(value);
    };
    const std::string password = part("password", "");
    const std::string host = text("host");
    const bool is_ipv6 = host.contains(':');
    return fmt::format("postgres://{}{}{}@{}{}{}:{}/{}", part("user", "ogx"),
                       password.empty() ? "" : ":", password, is_ipv6 ? "[" : "",
                       host.empty() ? "localhost" : host, is_ipv6 ? "]" : "", part("port", "5432"),
                       part("db", "ogx"));
  }

  // Penstock's files have names of their own, beside the reference's database.
  std::string folder() const {
    const Node* const node = node_.find("db_path");
    const auto value = node == nullptr ? std::nullopt : decoder_.resolved(*node);
    if (!value || value->kind != Node::Kind::kScalar) return {};
    const auto path = decoder_.path_text(*value);
    if (!path || path->empty() || *path == ":memory:") return {};
    const std::size_t slash = path->rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path->substr(0, slash);
  }

 private:
  // `sql_sqlite` and `kv_sqlite`.
  bool is_of(std::string_view product) const {
    const std::string type = text("type");
    return type == std::string("sql_").append(product) ||
           type == std::string("kv_").append(product);
  }

  Decoder& decoder_;
  const Node& node_;
};

// A database that several machines share goes before files. Nullopt if there is neither.
std::optional<StoreSettings> store_of(Decoder& decoder, const Node& storage) {
  const Node* const backends = storage.find("backends");
  if (backends == nullptr) return std::nullopt;
  StoreSettings settings;
  for (const Node& node : backends->children) {
    const Backend backend(decoder, node);
    if (!backend.is_postgres()) continue;
    std::string url = backend.url();
    if (!fault_of_store_url(url, kPostgresSchemes).empty()) continue;
    settings.type = StoreType::kPostgres;
    settings.url = Secret(std::move(url));
    return settings;
  }
  for (const Node& node : backends->children) {
    const Backend backend(decoder, node);
    if (!backend.is_sqlite()) continue;
    if (std::string folder = backend.folder(); !folder.empty()) {
      settings.path = std::move(folder);
      return settings;
    }
  }
  return std::nullopt;
}

}  // namespace

void decode_store(Decoder& decoder, const Node& node, Draft& draft) {
  StoreSettings& settings = draft.settings.store.emplace();
  decode_section<StoreSettings>(decoder, node, kStoreKeys, settings);
  const Node* const url = decoder.given(node, "url");
  const bool is_postgres = settings.type == StoreType::kPostgres;
  if (is_postgres && url == nullptr) {
    decoder.error(node, "a store of type postgres needs its `url`");
  }
  if (!is_postgres && url != nullptr) {
    decoder.error_at_key(*url, "only a store of type postgres has a URL; set `type`, or remove it");
  }
}

void list_store_keys(const std::string& path, KnownKeys& out) {
  list_section<StoreSettings>(path, kStoreKeys, out);
}

void accept_storage(Decoder&, const Node&, Draft&) {}

void settle_storage(Decoder& decoder, const Node& root, Draft& draft) {
  const Node* const storage = decoder.given(root, "storage");
  if (storage == nullptr || draft.settings.store || !says_something(*storage)) return;
  draft.settings.store = store_of(decoder, *storage);
  if (!draft.settings.store) {
    decoder.warning_at_key(*storage,
                           "ignored: none of its backends is of SQLite or PostgreSQL; "
                           "see `store`");
  }
}

}  // namespace penstock::config
