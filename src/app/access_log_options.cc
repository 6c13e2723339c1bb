#include "app/access_log_options.h"

#include <cstdlib>
#include <string_view>

namespace penstock::app {
namespace {

telemetry::TextLine::Colours wanted_colours() {
  const char* unwanted = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool is_unwanted = unwanted != nullptr && *unwanted != '\0';
  const bool is_dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return is_unwanted || is_dumb ? telemetry::TextLine::Colours::kNo
                                : telemetry::TextLine::Colours::kYes;
}

telemetry::AccessLog::Format format_of(config::AccessLogFormat format) {
  using Format = telemetry::AccessLog::Format;
  switch (format) {
    case config::AccessLogFormat::kAuto:
      return Format::kAuto;
    case config::AccessLogFormat::kJson:
      return Format::kJson;
    case config::AccessLogFormat::kText:
      return Format::kText;
  }
  return Format::kAuto;
}

}  // namespace

telemetry::AccessLog::Options access_log_options(const config::Server& server) {
  return {.target = server.access_log,
          .format = format_of(server.access_log_format),
          .colours = wanted_colours()};
}

}  // namespace penstock::app
