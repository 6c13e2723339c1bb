#pragma once

// Cors: which pages in browsers may use the server (server.cors; the Fetch standard, "CORS
// protocol").
//
// A browser lets a page read an answer of another origin only if the answer says so, and asks
// beforehand, with a "preflight", whether it may send anything but the simplest requests. The
// answers are those of the reference's middleware (Starlette's CORSMiddleware). Immutable.

#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "config/cors.h"
#include "http/field_block.h"
#include "http/head.h"

namespace penstock::access {

class Cors {
 public:
  // Origins are short; a longer one is none that is allowed.
  static constexpr std::size_t kOriginBytesMax = 256;

  explicit Cors(config::Cors settings);

  // What every answer to this request has: nothing, if no page of another origin sent it, or none
  // that may read it.
  http::FieldBlock fields_for(const http::RequestHead& request) const;

  struct Preflight {
    int status = 200;
    std::string body;
    http::FieldBlock fields;
  };
  // The answer to a preflight, whose method is OPTIONS; nullopt if the request is none. It needs
  // neither a key nor a route.
  std::optional<Preflight> answer(const http::RequestHead& request) const;

 private:
  bool allows_origin(std::string_view origin) const;
  bool allows_method(std::string_view method) const;
  bool allows_headers(std::string_view list) const;
  void add_origin(http::FieldBlock& fields, std::string_view origin) const;
  void add_permissions(http::FieldBlock& fields, std::string_view wanted_headers) const;

  const config::Cors settings_;
  const bool allows_all_origins_;
  const bool allows_all_headers_;
  std::optional<std::regex> origin_regex_;
  std::string methods_;
  std::string headers_;
  std::string exposed_headers_;
};

}  // namespace penstock::access
