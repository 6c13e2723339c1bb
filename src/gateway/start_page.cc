#include "gateway/start_page.h"

#include <fmt/format.h>

#include "core/json_writer.h"
#include "core/version.h"

namespace penstock::gateway {
namespace {

std::string_view key_text(bool has_keys) {
  return has_keys ? "an API key of this server" : "any text: this server asks for no key";
}

std::string text_of(const StartPage& page) {
  return fmt::format(R"(Penstock {0}, an inference gateway

OpenAI clients      {1}/v1
Anthropic clients   {1}
API key             {2}

models              {1}/v1/models
health              {1}/health
ready for traffic   {1}/readyz
metrics             {1}/metrics

Documentation: man penstock, or docs/ beside the sources.
)",
                     kVersion, page.address, key_text(page.has_keys));
}

std::string html_of(const StartPage& page) {
  return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Penstock</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto;
  padding: 0 1rem }}
th {{ text-align: left; font-weight: normal; padding-right: 2rem }}
</style>
</head>
<body>
<h1>Penstock</h1>
<p>An inference gateway, version {0}. It serves, and this is what clients need:</p>
<table>
<tr><th>Base URL of OpenAI clients</th><td><code>{1}/v1</code></td></tr>
<tr><th>Base URL of Anthropic clients</th><td><code>{1}</code></td></tr>
<tr><th>API key</th><td>{2}</td></tr>
</table>
<ul>
<li><a href="/v1/models">Models</a></li>
<li><a href="/health">Health</a>, <a href="/readyz">readiness</a></li>
<li><a href="/metrics">Metrics</a></li>
</ul>
<p>Documentation: <code>man penstock</code>, or <code>docs/</code> beside the sources.</p>
</body>
</html>
)",
                     kVersion, page.address, key_text(page.has_keys));
}

std::string json_of() {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .member("name", "penstock")
      .member("version", kVersion)
      .member("status", "OK")
      .end_object();
  return body;
}

}  // namespace

std::string_view StartPage::type() const {
  switch (form) {
    case Form::kHtml:
      return "text/html; charset=utf-8";
    case Form::kJson:
      return "application/json";
    case Form::kText:
      break;
  }
  return "text/plain; charset=utf-8";
}

std::string StartPage::body() const {
  switch (form) {
    case Form::kHtml:
      return html_of(*this);
    case Form::kJson:
      return json_of();
    case Form::kText:
      break;
  }
  return text_of(*this);
}

StartPage::Form start_page_form(std::string_view accept) {
  if (accept.contains("text/html")) return StartPage::Form::kHtml;
  if (accept.contains("application/json")) return StartPage::Form::kJson;
  return StartPage::Form::kText;
}

}  // namespace penstock::gateway
