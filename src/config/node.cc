#include "config/node.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "config/tree_builder.h"
#include "core/text.h"

namespace penstock::config {
namespace {

// YAML 1.2 section 5.1: tabs and line breaks are the only control characters. yaml-cpp would treat
// 0x04 as the end of the file and guess UTF-16 from zero bytes.
bool is_allowed_control(char c) {
  return c == '\t' || c == '\n' || c == '\r';
}

bool check_bytes(std::string_view text, Problems& problems) {
  if (text.size() > kDocumentBytesMax) {
    problems.error({}, fmt::format("the file is larger than {} bytes", kDocumentBytesMax));
    return false;
  }
  Position position;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const auto bad = std::find_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && !is_allowed_control(c)) || c == 0x7F;
    });
    if (bad != line.end()) {
      position.column = static_cast<std::size_t>(bad - line.begin()) + 1;
      problems.error(position, "a control character; a configuration file is UTF-8 text");
      return false;
    }
    if (!is_valid_utf8(line)) {
      problems.error(position, "this line is not UTF-8");
      return false;
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++position.line;
  }
  return true;
}

// yaml-cpp repeats text of the file after a colon; a mistyped secret could be in it.
std::string without_details(const std::string& message) {
  return message.substr(0, message.find(": "));
}

// yaml-cpp 0.7 detects an unclosed quote only if the text ends within a line.
std::string_view without_final_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

// Records where documents start.
class DocumentStarts : public YAML::EventHandler {
 public:
  const std::vector<YAML::Mark>& marks() const { return marks_; }

  void OnDocumentStart(const YAML::Mark& mark) override { marks_.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  std::vector<YAML::Mark> marks_;
};

// Not with YAML::LoadAll(): after a stray comma, yaml-cpp 0.7 finds endless empty documents.
bool is_one_document(const std::string& text, Problems& problems) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  while (starts.marks().size() < 2 && parser.HandleNextDocument(starts)) {
  }
  if (starts.marks().size() < 2) return true;
  const YAML::Mark& second = starts.marks()[1];
  problems.error(position_of(second), second.pos == starts.marks()[0].pos
                                          ? "not valid YAML: nothing can begin here"
                                          : "a second document; a file may contain only one");
  return false;
}

// The position of a line indented with a tab, which YAML forbids and yaml-cpp explains badly.
std::optional<Position> indented_with_tab(std::string_view text, std::size_t last_line) {
  for (Position position; position.line <= last_line && !text.empty(); ++position.line) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t indent = std::min(line.find_first_not_of(" \t\r"), line.size());
    const std::size_t tab = line.substr(0, indent).find('\t');
    if (tab != std::string_view::npos && indent < line.size() && line[indent] != '#') {
      position.column = tab + 1;
      return position;
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

std::optional<YAML::Node> load(std::string_view bytes, Problems& problems) {
  try {
    const std::string text(without_final_space(bytes));
    if (is_one_document(text, problems)) return YAML::Load(text);
  } catch (const YAML::DeepRecursion& exception) {
    problems.error(position_of(exception.mark), "nested too deeply");
  } catch (const YAML::Exception& exception) {
    const Position position = position_of(exception.mark);
    const auto tab = indented_with_tab(bytes, position.line + 1);
    problems.error(tab.value_or(position),
                   tab ? "not valid YAML: this line is indented with a tab; use spaces"
                       : fmt::format("not valid YAML: {}", without_details(exception.msg)));
  } catch (const std::exception&) {
    problems.error({}, "not valid YAML");
  }
  return std::nullopt;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  if (kind != Kind::kMap) return nullptr;
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Node& child) { return child.key == name; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view Node::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a value";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a mapping";
  }
  return "nothing";
}

std::optional<Node> parse_document(std::string_view text, Problems& problems) {
  if (!check_bytes(text, problems)) return std::nullopt;
  const auto document = load(text, problems);
  if (!document) return std::nullopt;
  Node root;
  root.kind = Node::Kind::kMap;
  if (!document->IsDefined() || document->IsNull()) return root;
  TreeBuilder builder(problems);
  try {
    if (!builder.build(*document, root)) return std::nullopt;
  } catch (const YAML::Exception& exception) {
    problems.error(position_of(exception.mark),
                   fmt::format("not valid YAML: {}", without_details(exception.msg)));
    return std::nullopt;
  }
  if (root.kind != Node::Kind::kMap) {
    problems.error(root.position, fmt::format("expected a mapping at the top of the file, found {}",
                                              root.kind_name()));
    return std::nullopt;
  }
  return root;
}

}  // namespace penstock::config
