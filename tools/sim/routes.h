#pragma once

// The one table of the simulator's routes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/call.h"
#include "sim/dialect.h"
#include "sim/request.h"

namespace penstock::sim {

// Routes that the handler answers by itself: about the simulator, and its fast path.
enum class Page : std::uint8_t { kModelList, kModel, kHealth, kStats };

struct Route {
  std::string_view method;
  std::string_view path;  // `{}` stands for one segment, `{+}` for all that follow
  std::variant<Page, Endpoint, Maker> target;
  Dialect dialect = Dialect::kOpenAi;
};

struct RouteMatch {
  const Route* route = nullptr;  // null: no route has this path and method
  bool other_methods = false;    // but one has the path
  Dialect dialect = Dialect::kOpenAi;
  std::vector<std::string> ids;
};

RouteMatch find_route(std::string_view method, std::string_view path);

}  // namespace penstock::sim
