#include "config/load.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "config/confidential.h"
#include "config/decode_document.h"
#include "config/node.h"

namespace penstock::config {
namespace {

Loaded finish(Problems& problems, std::optional<Settings> settings) {
  const bool has_errors = problems.has_errors();
  Loaded loaded;
  loaded.problems = problems.take();
  if (!has_errors) loaded.settings = std::move(settings);
  return loaded;
}

}  // namespace

Loaded load_text(std::string_view text, std::string_view file, const Environment& environment) {
  Problems problems(file);
  Draft draft;
  if (const auto root = parse_document(text, problems)) {
    Decoder decoder(problems, environment);
    decode_document(decoder, *root, draft);
    draft.settings.files = decoder.take_files();
    draft.settings.named_files = decoder.take_named_files();
  }
  const HiddenTexts hidden = hidden_texts_of(draft.settings.files);
  Loaded loaded = finish(problems, std::move(draft.settings));
  for (Problem& problem : loaded.problems) hidden.mask(problem.message);
  return loaded;
}

Loaded load_file(const std::string& path, const Environment& environment) {
  std::ifstream file(path, std::ios::binary);
  // One byte over the limit, so that endless files end and large ones are refused.
  std::string text(kDocumentBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && !file.eof())) {
    Problems problems(path);
    problems.error({}, "the file cannot be read");
    return finish(problems, std::nullopt);
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return load_text(text, path, environment);
}

}  // namespace penstock::config
