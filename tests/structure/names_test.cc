// Names in unnamed namespaces. Sources of one target may be compiled as one unit: there, two things
// of one name clash, and a name hides that of a header from every source after it, which then may
// mean something else without an error.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "structure/tree.h"

namespace penstock::structure {
namespace {

bool is_of_a_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, std::ranges::find_if_not(text, is_of_a_word) - text.begin());
}

// What a line at the outermost level declares; empty if it is a function, or nothing.
std::string_view declared_by(std::string_view line) {
  for (const std::string_view keyword : {"struct ", "class ", "enum class ", "enum ", "using "}) {
    if (!line.starts_with(keyword)) continue;
    const std::string_view name = first_word(line.substr(keyword.size()));
    const std::string_view rest = line.substr(keyword.size() + name.size());
    if (keyword == "using ") return rest.starts_with(" =") ? name : "";
    return line.ends_with(';') && rest == ";" ? "" : name;
  }
  if (line.starts_with("inline ")) line.remove_prefix(7);
  if (!line.starts_with("const")) return {};
  for (std::size_t at = line.find(" k"); at != std::string_view::npos;
       at = line.find(" k", at + 1)) {
    const std::string_view name = first_word(line.substr(at + 1));
    const std::string_view rest = line.substr(at + 1 + name.size());
    const bool is_constant = name.size() > 1 && name[1] >= 'A' && name[1] <= 'Z';
    const auto ends = [rest](std::string_view by) { return rest.starts_with(by); };
    if (is_constant && (ends(" =") || ends(";") || ends("{") || ends("["))) return name;
  }
  return {};
}

struct Name {
  std::string_view scope;  // the namespace that has a name: "penstock::http"
  bool is_unnamed = false;
  std::string name;
  std::string line;
};

std::vector<Name> names_of(const File& file) {
  std::vector<Name> names;
  std::string_view scope;
  bool is_unnamed = false;
  for (const std::string_view line : file.lines()) {
    constexpr std::string_view kOpening = "namespace ";
    if (line == "namespace {") {
      is_unnamed = true;
    } else if (line == "}  // namespace") {
      is_unnamed = false;
    } else if (line.starts_with(kOpening) && line.ends_with(" {")) {
      scope = line.substr(kOpening.size(), line.size() - kOpening.size() - 2);
    } else if (const std::string_view name = declared_by(line); !name.empty()) {
      names.push_back({scope, is_unnamed, std::string(name), std::string(line)});
    }
  }
  return names;
}

// Two folders of a path: what is compiled into one target. Fuzz targets have one source each.
std::string target_of(std::string_view path) {
  const std::string target(path.substr(0, path.find('/', path.find('/') + 1)));
  return target == "tests/fuzz" ? std::string(path) : target;
}

bool encloses(std::string_view outer, std::string_view inner) {
  return inner.starts_with(outer) &&
         (inner.size() == outer.size() || inner.substr(outer.size()).starts_with("::"));
}

const std::vector<std::string> kCompiled = {"src", "tools", "tests"};

TEST(UnnamedNamespaces, HaveNoNameInCommonWithOthersOfTheTarget) {
  struct Place {
    std::string path;
    std::string line;
  };
  std::map<std::string, Place> first;  // by target and name
  for (const File& file : files_below(kCompiled, {".cc"})) {
    const std::vector<Name> names = names_of(file);
    for (const Name& name : names) {
      if (!name.is_unnamed) continue;
      const auto [found, is_new] =
          first.try_emplace(target_of(file.path) + " " + name.name, file.path, name.line);
      const bool is_alias_again =
          name.line.starts_with("using ") && name.line == found->second.line;
      EXPECT_TRUE(is_new || is_alias_again || found->second.path == file.path)
          << file.path << " and " << found->second.path << " both have a " << name.name
          << ": share it, or give one another name";
    }
  }
  EXPECT_GT(first.size(), 500U);
}

TEST(UnnamedNamespaces, HideNoNameOfAHeader) {
  struct Place {
    std::string path;
    std::string scope;
  };
  std::multimap<std::string, Place> of_headers;
  for (const File& file : files_below(kCompiled, {".h"})) {
    const std::vector<Name> names = names_of(file);
    for (const Name& name : names) {
      if (!name.scope.empty())
        of_headers.emplace(name.name, Place{file.path, std::string(name.scope)});
    }
  }
  EXPECT_GT(of_headers.size(), 500U);
  for (const File& file : files_below(kCompiled, {".cc"})) {
    const std::vector<Name> names = names_of(file);
    for (const Name& name : names) {
      if (!name.is_unnamed) continue;
      const auto [begin, end] = of_headers.equal_range(name.name);
      for (auto header = begin; header != end; ++header) {
        EXPECT_FALSE(encloses(header->second.scope, name.scope))
            << file.path << " hides the " << name.name << " of " << header->second.path;
      }
    }
  }
}

}  // namespace
}  // namespace penstock::structure
