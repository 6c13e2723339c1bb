#pragma once

// ${env.NAME}, ${env.NAME:=default} and ${env.NAME:+value}, as Llama Stack substitutes them
// (replace_env_vars in its core/stack.py), and the same with ${file:PATH}, which stands for what a
// file contains. A path may contain references to variables, and nothing else nests.
//
// Applied to single scalars after the YAML is parsed, so that a value can neither break the syntax
// of the file nor be substituted again. Names are A-Z, 0-9 and underscores. A variable that is set
// but empty counts as unset. A leading `~` in the result of a reference to a variable, or in a
// path, is expanded to $HOME. A file's content is taken as it is (config/file_reference.h).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/file_reference.h"
#include "config/load.h"

namespace penstock::config {

struct Substitution {
  std::string text;
  // A variable without a default that is unset or empty; `text` is then meaningless.
  std::optional<std::string> missing_name;
  // What is wrong with a file, for a message; `text` is then meaningless, too.
  std::optional<std::string> file_fault;
  // What is questionable about files that were read.
  std::vector<std::string> warnings;
  std::vector<FileText> files;  // what was read
  std::size_t references = 0;   // how many were replaced
  // Text that looks like a reference but is not one, or is inside one.
  std::size_t malformed = 0;
};

// Other programs' substitutions count as malformed: `${` that begins no reference, `$NAME` and
// `$(…)` as words, `{{…}}` at the ends of the text. Any other dollar sign is text; so is everything
// in a default: `${env.NONE:=$}{X}` stands for `${X}`. The default of a file also stands for one
// whose path names a variable that is not set.
Substitution substitute(std::string_view text, const Environment& environment);

// `path` with a leading `~` or `~/` replaced by $HOME, if that is set.
std::string expand_home(std::string_view path, const Environment& environment);

}  // namespace penstock::config
