#include "structure/tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/paths.h"

namespace penstock::structure {
namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path path(PENSTOCK_SOURCE_DIR);
  return path;
}

bool is_foreign(const std::string& folder) {
  return folder.starts_with("build") || folder == ".git" || folder == "node_modules" ||
         folder == "__pycache__" || folder == ".cache";
}

bool ends_in_one_of(const std::string& name, const std::vector<std::string>& endings) {
  return std::ranges::any_of(endings,
                             [&](const std::string& ending) { return name.ends_with(ending); });
}

void collect(const fs::path& folder, const std::vector<std::string>& endings,
             std::vector<File>& out) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (entry.is_directory()) {
      if (!is_foreign(name)) collect(entry.path(), endings, out);
    } else if (ends_in_one_of(name, endings)) {
      out.push_back(read_file(entry.path().lexically_relative(root())));
    }
  }
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

}  // namespace

std::vector<std::string_view> File::lines() const {
  std::vector<std::string_view> lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

std::vector<File> files_below(const std::vector<std::string>& folders,
                              const std::vector<std::string>& endings) {
  std::vector<File> files;
  for (const std::string& folder : folders) collect(root() / folder, endings, files);
  std::ranges::sort(files, {}, &File::path);
  return files;
}

File read_file(const std::string& path) {
  std::ifstream stream(root() / path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path);
  return {path, {std::istreambuf_iterator<char>(stream), {}}};
}

bool exists(const std::string& path) {
  return fs::exists(root() / path);
}

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(root() / path)) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

std::string_view room_of(std::string_view path) {
  constexpr std::string_view kSources = "src/";
  if (!path.starts_with(kSources)) return {};
  path.remove_prefix(kSources.size());
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const bool ends = end == text.size() || !is_word_character(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace penstock::structure
