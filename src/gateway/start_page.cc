#include "gateway/start_page.h"

#include <fmt/format.h>

#include <vector>

#include "core/json_writer.h"
#include "core/version.h"

namespace penstock::gateway {
namespace {

struct PageRow {
  std::string_view text_name;
  std::string_view html_name;
  std::string value;
};

struct PageLink {
  std::string_view name;
  std::string_view path;
};

struct PageContent {
  std::string_view intro;
  std::vector<PageRow> rows;
  std::vector<PageLink> links;
};

constexpr std::string_view kDocumentation =
    "Documentation: man penstock, or docs/ beside the sources.";

std::string_view key_text(bool has_keys) {
  return has_keys ? "an API key of this server" : "any text: this server asks for no key";
}

PageContent for_clients(const StartPage& page) {
  return {.intro = "It serves, and this is what clients need:",
          .rows = {{"OpenAI clients", "Base URL of OpenAI clients", page.address + "/v1"},
                   {"Anthropic clients", "Base URL of Anthropic clients", page.address},
                   {"API key", "API key", std::string(key_text(page.has_keys))}},
          .links = {{"models", "/v1/models"},
                    {"health", "/health"},
                    {"ready for traffic", "/readyz"},
                    {"metrics", "/metrics"}}};
}

PageContent for_operators(const StartPage& page) {
  return {.intro = "This is its address for operators. It serves no models.",
          .rows = {{"Reload", "Reload", "POST " + page.address + "/penstock/reload"},
                   {"Explain a route", "Explain a route",
                    "POST " + page.address + "/penstock/explain-route"}},
          .links = {{"every thread runs", "/livez"},
                    {"ready for traffic", "/readyz"},
                    {"metrics", "/metrics"},
                    {"providers", "/v1/providers"}}};
}

PageContent content_of(const StartPage& page) {
  return page.audience == Audience::kOperators ? for_operators(page) : for_clients(page);
}

std::string text_of(const StartPage& page) {
  const PageContent content = content_of(page);
  std::string text =
      fmt::format("Penstock {}, an inference gateway. {}\n\n", kVersion, content.intro);
  for (const PageRow& row : content.rows) {
    text += fmt::format("{:<20}{}\n", row.text_name, row.value);
  }
  text += "\n";
  for (const PageLink& link : content.links) {
    text += fmt::format("{:<20}{}{}\n", link.name, page.address, link.path);
  }
  return text.append("\n").append(kDocumentation).append("\n");
}

std::string html_of(const StartPage& page) {
  const PageContent content = content_of(page);
  std::string rows;
  for (const PageRow& row : content.rows) {
    rows += fmt::format("<tr><th>{}</th><td><code>{}</code></td></tr>\n", row.html_name, row.value);
  }
  std::string links;
  for (const PageLink& link : content.links) {
    links += fmt::format("<li><a href=\"{}\">{}</a></li>\n", link.path, link.name);
  }
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
<p>An inference gateway, version {}. {}</p>
<table>
{}</table>
<ul>
{}</ul>
<p>{}</p>
</body>
</html>
)",
                     kVersion, content.intro, rows, links, kDocumentation);
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
