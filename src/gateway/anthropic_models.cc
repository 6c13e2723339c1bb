#include "gateway/anthropic_models.h"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>

#include "core/json_writer.h"
#include "core/text.h"
#include "http/query.h"

namespace penstock::gateway {
namespace {

constexpr std::size_t kLimitMax = 1000;

void write_model(JsonWriter& out, const models::Model& model) {
  const std::chrono::sys_seconds created{std::chrono::seconds(model.created)};
  out.begin_object()
      .member("type", "model")
      .member("id", model.id)
      .member("display_name", model.id)
      .member("created_at", fmt::format("{:%FT%TZ}", created))
      .end_object();
}

void write_id(JsonWriter& out, std::string_view name, const models::Model* model) {
  if (model == nullptr) {
    out.raw_member(name, "null");
  } else {
    out.member(name, model->id);
  }
}

}  // namespace

Result<ModelPage> ModelPage::read(std::string_view query) {
  ModelPage page;
  if (const auto limit = http::query_parameter(query, "limit")) {
    const std::optional<std::uint64_t> number = parse_decimal(*limit);
    if (!number || *number < 1 || *number > kLimitMax) {
      return failure(Error::client(ErrorKind::kInvalidRequest,
                                   "limit: Input should be a number from 1 to 1000"));
    }
    page.limit = static_cast<std::size_t>(*number);
  }
  page.after_id = http::query_parameter(query, "after_id");
  page.before_id = http::query_parameter(query, "before_id");
  if (page.after_id && page.before_id) {
    return failure(Error::client(ErrorKind::kInvalidRequest,
                                 "after_id and before_id exclude each other: give one of them"));
  }
  return page;
}

bool ModelPicker::is_nearer(const models::Model* a, const models::Model* b) const {
  return page_.before_id ? a->id > b->id : a->id < b->id;
}

void ModelPicker::offer(const models::Model& model) {
  if (page_.after_id && model.id <= *page_.after_id) return;
  if (page_.before_id && model.id >= *page_.before_id) return;
  const auto nearer = [this](const models::Model* a, const models::Model* b) {
    return is_nearer(a, b);
  };
  const bool is_full = picked_.size() > page_.limit;
  if (is_full && !nearer(&model, picked_.front())) return;
  if (is_full) {
    std::ranges::pop_heap(picked_, nearer);
    picked_.pop_back();
  }
  picked_.push_back(&model);
  std::ranges::push_heap(picked_, nearer);
}

std::string ModelPicker::text() {
  const auto nearer = [this](const models::Model* a, const models::Model* b) {
    return is_nearer(a, b);
  };
  std::ranges::sort(picked_, nearer);
  const bool has_more = picked_.size() > page_.limit;
  if (has_more) picked_.pop_back();
  std::ranges::sort(picked_, {}, &models::Model::id);
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("data").begin_array();
  for (const models::Model* model : picked_) write_model(out, *model);
  out.end_array().raw_member("has_more", has_more ? "true" : "false");
  write_id(out, "first_id", picked_.empty() ? nullptr : picked_.front());
  write_id(out, "last_id", picked_.empty() ? nullptr : picked_.back());
  out.end_object();
  return text;
}

std::string anthropic_model(const models::Model& model) {
  std::string text;
  JsonWriter out(text);
  write_model(out, model);
  return text;
}

}  // namespace penstock::gateway
