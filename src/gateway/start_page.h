#pragma once

// The page at `/`: what this server is, and what to paste into a client, or what an operator can
// ask an admin listener for.
//
// It says nothing that needs a key: no models, no providers, no configuration.

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/route.h"

namespace penstock::gateway {

struct StartPage {
  enum class Form : std::uint8_t { kText, kHtml, kJson };

  Form form = Form::kText;
  Audience audience = Audience::kClients;  // or operators
  // Of the server as the client knows it, `https://host:port`: the parser of the Host field lets
  // nothing pass that means anything in HTML.
  std::string address;
  bool has_keys = false;  // whether clients need a key

  std::string_view type() const;
  std::string body() const;
};

// Nothing but the page itself is loaded, and it cannot be framed.
inline constexpr std::string_view kStartPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// What a client that sends this Accept field wants: browsers list text/html; curl takes anything,
// and is read by a person.
StartPage::Form start_page_form(std::string_view accept);

}  // namespace penstock::gateway
