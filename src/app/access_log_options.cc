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

}  // namespace

telemetry::AccessLog::Options access_log_options(const config::Server& server) {
  return {.target = server.access_log,
          .format = telemetry::AccessLog::Format::kAuto,
          .colours = wanted_colours()};
}

}  // namespace penstock::app
