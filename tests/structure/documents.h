#pragma once

// What the structure tests understand of Markdown: links, and the words that are set as code.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "structure/tree.h"

namespace penstock::structure {

// The text without fenced blocks (``` … ```), which hold commands and their output.
std::string without_fences(const File& document);

// The targets of inline links, `[text](target)`, those of code spans left out.
std::vector<std::string> links_of(const File& document);

// The anchors of a document's headings as GitHub makes them: lower case, spaces as hyphens, other
// marks left out.
std::set<std::string> anchors_of(const File& document);

// The texts of code spans (`…`), in their order.
std::vector<std::string> code_spans_of(const File& document);

// Where a link of a document leads: a path below the top of the tree, without its anchor. The
// document itself where the link is an anchor alone.
std::string path_of_link(const File& document, std::string_view link);

}  // namespace penstock::structure
