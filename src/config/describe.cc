#include "config/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/confidential.h"
#include "config/credentials.h"
#include "config/decode_prices.h"
#include "config/decode_provider.h"
#include "config/decode_server.h"
#include "config/describe_owners.h"
#include "config/describe_routing.h"
#include "config/describe_store.h"
#include "config/described_values.h"
#include "config/load.h"
#include "config/model_name.h"
#include "config/money.h"
#include "config/presets.h"
#include "config/yaml_writer.h"

namespace penstock::config {
namespace {

void write_given(DescriptionWriter& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out.text(key, value);
}

// With the file's content for whoever compares it.
void write_file(DescriptionWriter& out, std::string_view key, const std::string& path,
                const Settings& settings) {
  if (path.empty()) return;
  const auto file = std::ranges::find(settings.named_files, path, &NamedFile::path);
  if (file == settings.named_files.end()) return out.text(key, path);
  out.text(key, path, file->digest);
}

void write_connection_limits(DescriptionWriter& out, const ConnectionLimits& limits) {
  if (!limits.max_connections && !limits.max_keepalive_connections && !limits.keepalive_expiry) {
    return;
  }
  out.open("limits");
  if (limits.max_connections) {
    write_number(out, "max_connections", *limits.max_connections);
    write_number(out, "max_waiting", limits.max_waiting);
  }
  if (limits.max_keepalive_connections) {
    write_number(out, "max_keepalive_connections", *limits.max_keepalive_connections);
  }
  if (limits.keepalive_expiry) write_time(out, "keepalive_expiry", *limits.keepalive_expiry);
  out.close();
}

void write_proxy(DescriptionWriter& out, std::string_view key,
                 const std::optional<ForwardProxy>& proxy) {
  if (!proxy) return;
  std::string text = proxy->text();
  if (!proxy->credentials.empty()) {
    text.insert(text.find("//") + 2, std::string(Secret::kMask) + "@");
  }
  out.text(key, text, proxy->credentials);
}

void write_proxies(DescriptionWriter& out, const Proxies& proxies, const Settings& settings) {
  if (proxies.empty()) return;
  out.open("proxy");
  write_proxy(out, "http", proxies.http);
  write_proxy(out, "https", proxies.https);
  write_file(out, "cacert", proxies.ca_file, settings);
  std::vector<std::string> direct;
  for (const NoProxy& entry : proxies.no_proxy) direct.push_back(entry.text());
  if (!direct.empty()) write_texts(out, "no_proxy", direct);
  out.close();
}

void write_network(DescriptionWriter& out, const Provider& provider, const Settings& settings) {
  const UpstreamTls& tls = provider.tls;
  out.open("network");
  out.open("tls");
  if (tls.ca_file.empty()) {
    out.literal("verify", boolean(tls.verify));
  } else {
    write_file(out, "verify", tls.ca_file, settings);
  }
  const bool is_tls13 = tls.min_version == UpstreamTls::MinVersion::kTls13;
  out.text("min_version", is_tls13 ? "TLSv1.3" : "TLSv1.2");
  write_given(out, "ciphers", tls.ciphers);
  write_file(out, "client_cert", tls.client_cert, settings);
  write_file(out, "client_key", tls.client_key, settings);
  out.close();
  write_route_timeouts(out, "timeout", provider.timeouts);
  if (!provider.headers.empty()) {
    out.open("headers");
    for (const Provider::Header& header : provider.headers) {
      if (is_credential(header.name, header.value)) {
        out.secret(header.name, header.value);
      } else {
        out.text(header.name, header.value.reveal());
      }
    }
    out.close();
  }
  write_proxies(out, provider.proxies, settings);
  write_connection_limits(out, provider.connection_limits);
  out.literal("retry_stale_connection", boolean(provider.retry_stale_connection));
  out.close();
}

void write_provider(DescriptionWriter& out, const Provider& provider, const Settings& settings) {
  out.open_item();
  out.text("provider_id", provider.id);
  out.text("provider_type", provider.type);
  out.open("config");
  const Preset* preset = find_preset(provider.type);
  if (provider.base_url) out.text("base_url", provider.base_url->text());
  if (provider.type == kPassthroughType) {
    out.text("path", provider.base_path == BasePath::kAsWritten ? "as_is" : "v1");
  }
  if (provider.messages_url) out.text("anthropic_base_url", provider.messages_url->text());
  out.text("auth", kKeyForms[static_cast<std::size_t>(provider.auth)]);
  out.text("messages_auth", kKeyForms[static_cast<std::size_t>(provider.messages_auth)]);
  if (!provider.query.empty()) {
    out.open("query");
    for (const Provider::QueryParameter& parameter : provider.query) {
      out.secret(parameter.name, parameter.value);
    }
    out.close();
  }
  const std::string_view key_setting = preset != nullptr ? preset->key_setting : "api_key";
  if (!provider.api_key.empty()) out.secret(key_setting, provider.api_key);
  if (provider.allowed_models) write_texts(out, "allowed_models", *provider.allowed_models);
  out.literal("refresh_models", boolean(provider.refresh_models));
  if (provider.unprefixed_models == std::vector<std::string>{"*"}) {
    out.literal("unprefixed_models", "true");
  } else if (!provider.unprefixed_models.empty()) {
    write_texts(out, "unprefixed_models", provider.unprefixed_models);
  }
  if (provider.any_path) out.literal("any_path", "true");
  std::vector<std::string> client_headers = provider.forwarded_client_headers;
  for (const std::string& name : provider.withheld_client_headers) {
    client_headers.push_back("-" + name);
  }
  if (!client_headers.empty()) write_texts(out, "forward_client_headers", client_headers);
  if (!provider.forward_headers.empty()) {
    out.open("forward_headers");
    for (const auto& forwarded : provider.forward_headers) {
      out.text(forwarded.key, forwarded.header);
    }
    out.close();
  }
  if (!provider.extra_blocked_headers.empty()) {
    write_texts(out, "extra_blocked_headers", provider.extra_blocked_headers);
  }
  write_network(out, provider, settings);
  out.close();
  out.close();
}

std::string metadata_of(const Model& model) {
  if (!model.unprefixed_alias) return model.metadata;
  const std::string_view comma = model.metadata == "{}" ? "" : ",";
  return fmt::format("{{\"{}\":true{}{}", kUnprefixedAliasKey, comma, model.metadata.substr(1));
}

void write_model(DescriptionWriter& out, const Model& model) {
  out.open_item();
  out.text("model_id", model.id);
  out.text("provider_id", model.provider_id);
  // Without this line it is the model_id, even one that is the word for the first listed model.
  const bool is_said = model.follows_list || model.upstream_id() != kFirstListedModel;
  if (is_said) out.text("provider_model_id", model.upstream_id());
  out.text("model_type", model.type);
  out.literal("metadata", metadata_of(model));  // JSON is YAML's flow style
  out.close();
}

void write_limits(DescriptionWriter& out, const Limits& limits) {
  out.open("limits");
  write_number(out, "header_bytes", limits.header_bytes);
  write_number(out, "header_fields", limits.header_fields);
  write_number(out, "body_bytes", limits.body_bytes);
  write_number(out, "all_bodies_bytes", limits.all_bodies_bytes);
  write_number(out, "body_bytes_per_second", limits.body_bytes_per_second);
  write_number(out, "discarded_bytes", limits.discarded_bytes);
  write_number(out, "body_keys", limits.body_keys);
  write_number(out, "body_depth", limits.body_depth);
  write_number(out, "model_bytes", limits.model_bytes);
  write_number(out, "event_bytes", limits.event_bytes);
  write_number(out, "json_depth", limits.json_depth);
  write_number(out, "json_values", limits.json_values);
  write_number(out, "registration_bytes", limits.registration_bytes);
  write_number(out, "registered_models", limits.registered_models);
  write_number(out, "registered_bytes", limits.registered_bytes);
  write_number(out, "model_id_bytes", limits.model_id_bytes);
  write_number(out, "metadata_bytes", limits.metadata_bytes);
  write_number(out, "model_list_bytes", limits.model_list_bytes);
  write_number(out, "model_list_entries", limits.model_list_entries);
  write_number(out, "model_list_entry_bytes", limits.model_list_entry_bytes);
  write_number(out, "model_list_pages", limits.model_list_pages);
  write_number(out, "answer_buffer_bytes", limits.answer_buffer_bytes);
  write_number(out, "connections", limits.connections);
  write_number(out, "reserved_connections", limits.reserved_connections);
  write_number(out, "caller_lookups", limits.caller_lookups);
  write_number(out, "connections_per_upstream", limits.connections_per_upstream);
  out.close();
}

void write_timeouts(DescriptionWriter& out, const Timeouts& timeouts) {
  out.open("timeouts");
  write_time(out, "connect", timeouts.connect);
  write_time(out, "first_byte", timeouts.first_byte);
  write_time(out, "first_token", timeouts.first_token);
  write_time(out, "first_event", timeouts.first_event);
  write_time(out, "between_bytes", timeouts.between_bytes);
  write_time(out, "between_events", timeouts.between_events);
  write_time(out, "model_list", timeouts.model_list);
  write_time(out, "request", timeouts.request);
  write_time(out, "client_header", timeouts.client_header);
  write_time(out, "client_body", timeouts.client_body);
  write_time(out, "client_write", timeouts.client_write);
  write_time(out, "idle", timeouts.idle);
  write_time(out, "refused_idle", timeouts.refused_idle);
  write_time(out, "linger", timeouts.linger);
  write_time(out, "discard", timeouts.discard);
  write_time(out, "upstream_idle", timeouts.upstream_idle);
  write_time(out, "upstream_lifetime", timeouts.upstream_lifetime);
  write_time(out, "drain", timeouts.drain);
  out.close();
}

void write_cors(DescriptionWriter& out, const std::optional<Cors>& cors) {
  if (!cors) return out.literal("cors", "false");
  out.open("cors");
  write_texts(out, "allow_origins", cors->allow_origins);
  if (cors->allow_origin_regex) out.text("allow_origin_regex", *cors->allow_origin_regex);
  write_texts(out, "allow_methods", cors->allow_methods);
  write_texts(out, "allow_headers", cors->allow_headers);
  out.literal("allow_credentials", boolean(cors->allow_credentials));
  write_texts(out, "expose_headers", cors->expose_headers);
  out.literal("max_age", fmt::format("{}", cors->max_age.count()));
  out.close();
}

void write_trust(DescriptionWriter& out, const Server& server) {
  constexpr std::array<std::string_view, 3> kWords = {"false", "optional", "true"};
  std::vector<std::string> trusted;
  for (const AddressRange& range : server.trusted_proxies.ranges) trusted.push_back(range.text());
  if (server.trusted_proxies.unix_sockets) trusted.emplace_back("unix");
  write_texts(out, "trusted_proxies", trusted);
  out.text("socket_mode", fmt::format("{:04o}", server.socket_mode));
  out.literal("proxy_protocol", kWords[static_cast<std::size_t>(server.proxy_protocol)]);
}

void write_server(DescriptionWriter& out, const Settings& settings) {
  const Server& server = settings.server;
  out.open("server");
  out.text("host", server.host);
  write_number(out, "port", server.port);
  write_number(out, "threads", server.threads);
  write_file(out, "tls_certfile", server.tls_certfile, settings);
  write_file(out, "tls_keyfile", server.tls_keyfile, settings);
  write_file(out, "tls_cafile", server.tls_cafile, settings);
  if (!server.tls_ciphers.empty()) {
    out.open("tls_config");
    out.text("ciphers", server.tls_ciphers);
    out.close();
  }
  out.literal("hsts_max_age", fmt::format("{}", server.hsts_max_age.count()));
  out.literal("registry_refresh_interval_seconds",
              fmt::format("{}", server.registry_refresh_interval.count()));
  write_api_keys(out, server.api_keys);
  write_limits(out, server.limits);
  write_timeouts(out, server.timeouts);
  out.text("sse_done", server.sse_done == SseDone::kPass ? "pass" : "strip");
  out.text("access_log", server.access_log);
  out.text("access_log_format",
           kAccessLogFormats[static_cast<std::size_t>(server.access_log_format)]);
  out.text("log_level", kLogLevels[static_cast<std::size_t>(server.log_level)]);
  out.literal("core_dumps", boolean(server.core_dumps));
  std::vector<std::string> hosts;
  for (const CallerUrlHost& host : server.caller_url_hosts) hosts.push_back(host.text());
  write_texts(out, "caller_url_hosts", hosts);
  out.open("reload");
  out.literal("watch", boolean(server.reload.watch));
  write_time(out, "debounce", server.reload.debounce);
  out.close();
  write_trust(out, server);
  write_cors(out, server.cors);
  out.open("drain");
  write_time(out, "delay", server.drain.delay);
  out.close();
  write_texts(out, "ready_requires", server.ready_requires);
  write_quota(out, server.quota);
  out.close();
}

void write_dollars(DescriptionWriter& out, std::string_view key,
                   const std::optional<std::int64_t>& price) {
  if (price) out.literal(key, price_text(*price));
}

void write_prices(DescriptionWriter& out, const Settings& settings) {
  const Prices& prices = settings.prices;
  out.open("prices");
  write_file(out, "file", prices.file, settings);
  if (prices.own.empty()) {
    out.literal("override", "[]");
  } else {
    out.open("override");
    for (const OwnPrice& price : prices.own) {
      out.open_item();
      out.text("model", price.model);
      write_dollars(out, "input", price.input);
      write_dollars(out, "output", price.output);
      write_dollars(out, "cached_input", price.cached_input);
      write_dollars(out, "cache_write", price.cache_write);
      write_dollars(out, "cache_write_1h", price.cache_write_1h);
      out.close();
    }
    out.close();
  }
  out.text("unpriced", kUnpricedWords[static_cast<std::size_t>(prices.unpriced)]);
  out.close();
}

void write_admin(DescriptionWriter& out, const Admin& admin) {
  out.open("admin");
  out.text("host", admin.host);
  write_number(out, "port", admin.port);
  out.literal("tls", boolean(admin.tls));
  out.literal("only_here", boolean(admin.only_here));
  out.close();
}

}  // namespace

void describe(const Settings& settings, DescriptionWriter& out) {
  out.literal("version", "2");
  out.open("providers");
  if (settings.providers.empty()) {
    out.literal("inference", "[]");
  } else {
    out.open("inference");
    for (const Provider& provider : settings.providers) write_provider(out, provider, settings);
    out.close();
  }
  out.close();
  if (!settings.models.empty()) {
    out.open("registered_resources");
    out.open("models");
    for (const Model& model : settings.models) write_model(out, model);
    out.close();
    out.close();
  }
  write_server(out, settings);
  if (settings.admin) write_admin(out, *settings.admin);
  write_routing(out, settings);
  write_owners(out, settings.owners);
  write_prices(out, settings);
  write_store(out, settings.store);
  write_limit_rules(out, settings.limit_rules);
}

std::string describe(const Settings& settings) {
  YamlWriter out(hidden_texts_of(settings.files));
  describe(settings, out);
  return out.result();
}

}  // namespace penstock::config
