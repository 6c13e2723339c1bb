#include "access/cors.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/text.h"

namespace penstock::access {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::string_view kOrigin = "Origin";
constexpr std::string_view kWantedMethod = "Access-Control-Request-Method";
constexpr std::string_view kWantedHeaders = "Access-Control-Request-Headers";

// What `*` stands for in allow_methods.
constexpr std::array<std::string_view, 7> kAllMethods = {"DELETE", "GET",  "HEAD", "OPTIONS",
                                                         "PATCH",  "POST", "PUT"};
// Headers that a page may always set.
constexpr std::array<std::string_view, 4> kSafeHeaders = {"Accept", "Accept-Language",
                                                          "Content-Language", "Content-Type"};

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::count(list, text) > 0;
}

template <class Texts>
std::string joined(const Texts& texts) {
  std::string list;
  for (const auto& text : texts) list.append(list.empty() ? "" : ", ").append(text);
  return list;
}

std::string methods_of(const config::Cors& settings) {
  return has(settings.allow_methods, kAny) ? joined(kAllMethods) : joined(settings.allow_methods);
}

// With those that are safe anyway, as some browsers ask for them too.
std::string headers_of(const config::Cors& settings) {
  std::vector<std::string> headers(kSafeHeaders.begin(), kSafeHeaders.end());
  for (const std::string& header : settings.allow_headers) {
    if (!has(headers, header)) headers.push_back(header);
  }
  std::ranges::sort(headers);
  return joined(headers);
}

}  // namespace

Cors::Cors(config::Cors settings)
    : settings_(std::move(settings)),
      allows_all_origins_(has(settings_.allow_origins, kAny)),
      allows_all_headers_(has(settings_.allow_headers, kAny)),
      methods_(methods_of(settings_)),
      headers_(headers_of(settings_)),
      exposed_headers_(joined(settings_.expose_headers)) {
  if (settings_.allow_origin_regex) {
    origin_regex_.emplace(*settings_.allow_origin_regex, config::kOriginRegexSyntax);
  }
}

bool Cors::allows_origin(std::string_view origin) const {
  if (allows_all_origins_) return true;
  if (origin.size() > kOriginBytesMax) return false;
  return has(settings_.allow_origins, origin) ||
         (origin_regex_ && std::regex_match(origin.begin(), origin.end(), *origin_regex_));
}

bool Cors::allows_method(std::string_view method) const {
  return has(settings_.allow_methods, kAny) || has(settings_.allow_methods, method);
}

bool Cors::allows_headers(std::string_view list) const {
  if (allows_all_headers_) return true;
  const auto is_allowed = [&](std::string_view name) {
    const auto is_it = [&](std::string_view known) { return equals_ignoring_case(known, name); };
    return std::ranges::any_of(kSafeHeaders, is_it) ||
           std::ranges::any_of(settings_.allow_headers, is_it);
  };
  while (!list.empty()) {
    const std::string_view name = trim(list.substr(0, list.find(',')));
    list.remove_prefix(std::min(list.size(), list.find(',')));
    if (!list.empty()) list.remove_prefix(1);
    if (!name.empty() && !is_allowed(name)) return false;
  }
  return true;
}

// An answer for one origin must not be kept for another.
void Cors::add_origin(http::FieldBlock& fields, std::string_view origin) const {
  if (allows_all_origins_) return fields.add("Access-Control-Allow-Origin", kAny);
  fields.add("Vary", kOrigin);
  fields.add("Access-Control-Allow-Origin", origin);
}

http::FieldBlock Cors::fields_for(const http::RequestHead& request) const {
  http::FieldBlock fields;
  const std::optional<std::string_view> origin = request.fields.find(kOrigin);
  if (!origin || !allows_origin(*origin)) return fields;
  add_origin(fields, *origin);
  if (settings_.allow_credentials) fields.add("Access-Control-Allow-Credentials", "true");
  if (!exposed_headers_.empty()) fields.add("Access-Control-Expose-Headers", exposed_headers_);
  return fields;
}

void Cors::add_permissions(http::FieldBlock& fields, std::string_view wanted_headers) const {
  fields.add("Access-Control-Allow-Methods", methods_);
  if (!allows_all_headers_) {
    fields.add("Access-Control-Allow-Headers", headers_);
  } else if (!wanted_headers.empty()) {
    fields.add("Access-Control-Allow-Headers", wanted_headers);
  }
  if (settings_.allow_credentials) fields.add("Access-Control-Allow-Credentials", "true");
  fields.add("Access-Control-Max-Age", std::to_string(settings_.max_age.count()));
}

std::optional<Cors::Preflight> Cors::answer(const http::RequestHead& request) const {
  if (request.method != "OPTIONS") return std::nullopt;
  const std::optional<std::string_view> origin = request.fields.find(kOrigin);
  const std::optional<std::string_view> method = request.fields.find(kWantedMethod);
  if (!origin || !method) return std::nullopt;
  const std::string_view headers = request.fields.find(kWantedHeaders).value_or("");
  std::vector<std::string_view> refused;
  if (!allows_origin(*origin)) refused.push_back("origin");
  if (!allows_method(*method)) refused.push_back("method");
  if (!allows_headers(headers)) refused.push_back("headers");
  Preflight preflight;
  if (!refused.empty()) {
    preflight.status = 400;
    preflight.body = "Disallowed CORS " + joined(refused);
    return preflight;
  }
  preflight.body = "OK";
  add_origin(preflight.fields, *origin);
  add_permissions(preflight.fields, headers);
  return preflight;
}

}  // namespace penstock::access
