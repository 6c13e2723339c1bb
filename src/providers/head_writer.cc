#include "providers/head_writer.h"

#include <algorithm>
#include <optional>

#include "config/credentials.h"
#include "core/text.h"
#include "providers/keys.h"

namespace penstock::providers {

using namespace std::string_view_literals;

namespace {

// Read like a server that parses forms: `+` is a space there.
std::string parameter_name(std::string_view item) {
  std::string name(item.substr(0, item.find('=')));
  std::ranges::replace(name, '+', ' ');
  return percent_decode(name).value_or(name);
}

}  // namespace

HeadWriter::HeadWriter(const config::Provider& settings)
    : settings_(settings), client_fields_(settings) {
  // Whatever the client accepts: only plain text can be rewritten.
  closing_fields_.add("Accept-Encoding", "identity");
  for (const config::Provider::QueryParameter& parameter : settings_.query) {
    query_.append(query_.empty() ? "?" : "&");
    query_.append(percent_encode(parameter.name));
    query_.push_back('=');
    query_.append(percent_encode(parameter.value.reveal()));
  }
}

void HeadWriter::write(const UpstreamRequest& request, const Call& call, std::string& target,
                       http::FieldBlock& fields) const {
  append_target(target, request.path, call, request.query);
  add_fields(fields, call, request.data);
  const http::Fields& given = *request.client_fields;
  const auto add = [&](http::FieldName known, http::NameLiteral name, std::string_view value) {
    if (!fields.has(known)) fields.add(known, name, value);
  };
  const std::optional<std::string_view> type = given.find(http::FieldName::kContentType);
  if (type || request.has_body) {
    add(http::FieldName::kContentType, "Content-Type", type.value_or("application/json"));
  }
  add(http::FieldName::kAccept, "Accept", given.find(http::FieldName::kAccept).value_or("*/*"));
  add(http::FieldName::kXRequestId, "x-request-id", request.request_id);
  for (const http::Field& field : given) {
    if (client_fields_.passes(field, request.surface) && !sets(field.name, request.data)) {
      fields.add(field);
    }
  }
}

void HeadWriter::write_own(std::string_view path, const Call& call, const ProviderData* data,
                           std::string& target, http::FieldBlock& fields) const {
  append_target(target, path, call, {});
  add_fields(fields, call, data);
  if (!fields.has(http::FieldName::kAccept)) fields.add("Accept", "application/json");
}

// Below the base URL, whose path ends in /v1, are the paths of the API's first version; other paths
// are beside it.
void HeadWriter::append_target(std::string& out, std::string_view path, const Call& call,
                               std::string_view callers_query) const {
  constexpr std::string_view kVersion = "/v1";
  std::string_view base = call.endpoint().url.path;
  if (path.starts_with(kVersion) && path.substr(kVersion.size()).starts_with('/')) {
    path.remove_prefix(kVersion.size());
  } else if (!path.empty() && base.ends_with(kVersion)) {
    base.remove_suffix(kVersion.size());
  }
  out.append(base).append(path);
  if (callers_query.empty()) {
    out.append(query_);
  } else if (query_.empty()) {
    out.append("?"sv).append(callers_query);
  } else {
    out.append(joined_query(callers_query));
  }
}

// Callers cannot override what the operator has set.
std::string HeadWriter::joined_query(std::string_view callers_query) const {
  std::string joined = query_;
  while (!callers_query.empty()) {
    const std::string_view item = callers_query.substr(0, callers_query.find('&'));
    callers_query.remove_prefix(std::min(callers_query.size(), item.size() + 1));
    const bool is_set = std::ranges::any_of(settings_.query,
                                            [&](const config::Provider::QueryParameter& parameter) {
                                              return parameter_name(item) == parameter.name;
                                            });
    if (is_set) continue;
    joined.append(joined.empty() ? "?"sv : "&"sv).append(item);
  }
  return joined;
}

void HeadWriter::add_fields(http::FieldBlock& out, const Call& call,
                            const ProviderData* data) const {
  const Endpoint& endpoint = call.endpoint();
  const ChosenKey& key = call.key();
  out.add(endpoint.opening_fields);
  if (key.owner == ChosenKey::Owner::kOperator) out.add(endpoint.key_field);
  if (key.owner == ChosenKey::Owner::kCaller) add_key(out, endpoint.auth, *key.callers);
  if (data != nullptr) add_forwarded(out, call, *data);
  out.add(closing_fields_);
  if (!out.has(http::FieldName::kUserAgent))
    out.add(http::FieldName::kUserAgent, "User-Agent", "penstock");
}

void HeadWriter::add_forwarded(http::FieldBlock& out, const Call& call,
                               const ProviderData& data) const {
  const std::string_view key_name = config::key_field_name(call.endpoint().auth);
  for (const config::Provider::ForwardedHeader& forwarded : settings_.forward_headers) {
    if (equals_ignoring_case(forwarded.header, key_name)) {
      if (call.key().owner != ChosenKey::Owner::kForwardedField) continue;
    } else if (operator_sets(settings_, forwarded.header)) {
      // Callers cannot override what the operator has set.
      continue;
    }
    const Secret* value = data.find(forwarded.key);
    if (value != nullptr) out.add(forwarded.header, value->reveal());
  }
}

bool HeadWriter::sets(std::string_view name, const ProviderData* data) const {
  return operator_sets(settings_, name) || (data != nullptr && caller_sets(settings_, name, *data));
}

}  // namespace penstock::providers
