#include "imports/import.h"

#include <fmt/format.h>

#include <string>

#include "config/problems.h"
#include "imports/draft.h"
#include "imports/envoy.h"
#include "imports/foreign.h"
#include "imports/litellm.h"
#include "imports/llama_swap.h"

namespace penstock::imports {
namespace {

// Any text that is good as a key and as a URL, and differs for each variable.
std::string placeholder(std::string_view variable) {
  return "http://127.0.0.1:1/" + std::string(variable);
}

// What the configuration itself says of the result, so that nobody finds out later.
void check_result(std::string_view text, config::Problems& problems) {
  // Others, such as those of proxies, are those of whoever will serve it.
  const auto environment = [&](std::string_view variable) -> std::optional<std::string> {
    if (!text.contains("${env." + std::string(variable))) return std::nullopt;
    return placeholder(variable);
  };
  const config::Loaded loaded = config::load_text(text, "result", environment);
  for (const config::Problem& problem : loaded.problems) {
    problems.warning(
        {}, fmt::format("the printed configuration, line {}: {}", problem.line, problem.message));
  }
}

}  // namespace

Imported import_text(Source source, std::string_view text, std::string_view file) {
  config::Problems problems(file);
  ConfigDraft draft(problems);
  const std::vector<config::Node> documents = documents_of(text, problems);
  switch (source) {
    case Source::kLiteLlm:
      for (const config::Node& document : documents) import_litellm(document, draft, problems);
      break;
    case Source::kLlamaSwap:
      for (const config::Node& document : documents) import_llama_swap(document, draft, problems);
      break;
    case Source::kEnvoy:
      import_envoy(documents, draft, problems);
      break;
  }
  Imported imported;
  if (draft.is_empty()) {
    problems.conclude("nothing in this file can be carried over");
  } else if (!problems.has_errors()) {
    imported.text = draft.text();
    check_result(imported.text, problems);
  }
  imported.remarks = problems.take();
  return imported;
}

}  // namespace penstock::imports
