#include "structure/documents.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace penstock::structure {
namespace {

// Calls `code` with each code span and `other` with each piece of text between them.
template <class Code, class Other>
void split_code_spans(std::string_view text, Code code, Other other) {
  while (!text.empty()) {
    const std::size_t begin = text.find('`');
    other(text.substr(0, begin));
    if (begin == std::string_view::npos) return;
    const std::size_t end = text.find('`', begin + 1);
    if (end == std::string_view::npos) return;
    code(text.substr(begin + 1, end - begin - 1));
    text.remove_prefix(end + 1);
  }
}

std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || byte >= 0x80) {
      anchor.push_back(static_cast<char>(std::tolower(byte)));
    } else if (c == ' ') {
      anchor.push_back('-');
    }
  }
  return anchor;
}

}  // namespace

std::string without_fences(const File& document) {
  std::string text;
  bool fenced = false;
  for (const std::string_view line : document.lines()) {
    const bool is_fence =
        line.substr(std::min(line.find_first_not_of(' '), line.size())).starts_with("```");
    if (is_fence) {
      fenced = !fenced;
    } else if (!fenced) {
      text.append(line).push_back('\n');
    }
  }
  return text;
}

std::vector<std::string> links_of(const File& document) {
  // The text of a link may be a code span: a space replaces each, so that links stay whole.
  std::string prose;
  split_code_spans(
      without_fences(document), [&](std::string_view) { prose.push_back(' '); },
      [&](std::string_view text) { prose.append(text); });
  std::vector<std::string> links;
  for (std::size_t at = prose.find("]("); at != std::string::npos; at = prose.find("](", at + 1)) {
    const std::size_t end = prose.find(')', at);
    if (end != std::string::npos) links.push_back(prose.substr(at + 2, end - at - 2));
  }
  return links;
}

std::set<std::string> anchors_of(const File& document) {
  std::set<std::string> anchors;
  const File plain{document.path, without_fences(document)};
  for (std::string_view line : plain.lines()) {
    const std::size_t marks = line.find_first_not_of('#');
    if (marks == 0 || marks == std::string_view::npos || line[marks] != ' ') continue;
    anchors.insert(anchor_of(line.substr(marks + 1)));
  }
  return anchors;
}

std::vector<std::string> code_spans_of(const File& document) {
  std::vector<std::string> spans;
  split_code_spans(
      without_fences(document), [&](std::string_view code) { spans.emplace_back(code); },
      [](std::string_view) {});
  return spans;
}

std::string path_of_link(const File& document, std::string_view link) {
  const std::string_view target = link.substr(0, link.find('#'));
  if (target.empty()) return document.path;
  const std::filesystem::path folder = std::filesystem::path(document.path).parent_path();
  return (folder / target).lexically_normal();
}

}  // namespace penstock::structure
