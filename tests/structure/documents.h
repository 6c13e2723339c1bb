#pragma once

// What the structure tests read of Markdown: links, and code spans.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "structure/tree.h"

namespace penstock::structure {

// The text without fenced blocks (``` … ```), which hold commands and their output.
std::string without_fences(const File& document);

// The targets of inline links, `[text](target)`, except those in code spans.
std::vector<std::string> links_of(const File& document);

// The anchors of a document's headings as GitHub makes them: lower case, spaces as hyphens, without
// other punctuation.
std::set<std::string> anchors_of(const File& document);

// The texts of code spans (`…`), in their order.
std::vector<std::string> code_spans_of(const File& document);

// Where a link of a document leads: a path below the top of the tree, without its anchor. The
// document itself if the link is only an anchor.
std::string path_of_link(const File& document, std::string_view link);

}  // namespace penstock::structure
