#include "gateway/model_list.h"

#include <cstddef>
#include <span>
#include <utility>

#include "gateway/model_text.h"
#include "net/next_turn.h"
#include "net/wait.h"

namespace penstock::gateway {
namespace {

// Each well below a millisecond of work.
constexpr std::size_t kSliceBytes = 128 * 1024;
constexpr std::size_t kSliceModels = 2048;

}  // namespace

// Marks that the thread is rendering a list, until that ends in any way.
class ModelList::Rendering {
 public:
  explicit Rendering(std::shared_ptr<net::Signal>& rendered) : rendered_(rendered) {
    rendered_ = std::make_shared<net::Signal>();
  }
  ~Rendering() {
    // Waiting requests keep the signal.
    rendered_->raise();
    rendered_ = nullptr;
  }
  Rendering(const Rendering&) = delete;
  Rendering& operator=(const Rendering&) = delete;

 private:
  std::shared_ptr<net::Signal>& rendered_;
};

Task<std::size_t> ModelList::bytes_of(const models::Catalog& catalog) const {
  std::size_t bytes = kModelListBegin.size() + kModelListEnd.size();
  std::size_t counted = 0;
  for (const models::Model& model : catalog.models()) {
    bytes += list_entry_bytes(model, providers_[model.provider].id);
    if (++counted % kSliceModels == 0) co_await net::next_turn(loop_);
  }
  co_return bytes;
}

Task<std::string> ModelList::render(const models::Catalog& catalog) const {
  std::string text;
  const std::size_t bytes = co_await bytes_of(catalog);
  text.reserve(bytes);
  text.append(kModelListBegin);
  std::size_t slice = 0;  // where it begins, always with a whole entry
  const auto end_slice = [&] {
    secrets_.mask(std::span(text).subspan(slice));
    slice = text.size();
  };
  for (const models::Model& model : catalog.models()) {
    append_list_entry(text, model, providers_[model.provider].id);
    if (text.size() < slice + kSliceBytes) continue;
    end_slice();
    co_await net::next_turn(loop_);
  }
  end_slice();
  text.append(kModelListEnd);
  co_return text;
}

Task<std::shared_ptr<const std::string>> ModelList::of(
    std::shared_ptr<const models::Catalog> catalog) {
  std::shared_ptr<const std::string> text = catalog->rendered();
  while (text == nullptr && rendered_ != nullptr) {
    const std::shared_ptr<net::Signal> rendered = rendered_;
    co_await net::wait_any(loop_, nullptr, *rendered);
    text = catalog->rendered();
  }
  if (text != nullptr) co_return text;
  const Rendering rendering(rendered_);
  std::string made = co_await render(*catalog);
  co_return catalog->keep_rendered(std::make_shared<const std::string>(std::move(made)));
}

}  // namespace penstock::gateway
